// Watches over what pods take of the node's disk, and ends those that take more than they may. Only pods with limits are
// measured, one after another, so that a look costs what those pods hold, a fifth of one processor at most.
import { Pace } from '../../../lib/walk-tree.ts'
import type { Pod } from '../planning/situation.ts'
import type { Context } from '../steps/context.ts'
import { isAway } from '../steps/step-error.ts'
import { exceededStorage, hasLimits, storageLimits } from './storage-limits.ts'
import { storageUsage } from './storage-usage.ts'

/** The kubelet's housekeeping interval; from the end of one look to the beginning of the next. */
const everyMs = 10_000

export interface EvictablePod {
  readonly pod: Pod
  /** It was admitted, and is neither over nor ending nor critical. */
  mayBeEvicted(): boolean
  /** It ends now. @param message why, for people */
  evict(message: string): void
}

type LocalStorageContext = Pick<Context, 'runtime' | 'view' | 'volumes' | 'clock' | 'log'>

/** Until the signal aborts. */
export async function watchLocalStorage(
  context: LocalStorageContext,
  pods: () => Iterable<EvictablePod>,
  signal: AbortSignal,
): Promise<void> {
  const stopped = (): boolean => signal.aborted
  const pace = new Pace()
  while (!stopped()) {
    await wait(context, signal)
    for (const pod of [...pods()]) if (!stopped()) await lookAt(context, pod, pace)
  }
}

async function lookAt(context: LocalStorageContext, candidate: EvictablePod, pace: Pace): Promise<void> {
  const { pod } = candidate
  const limits = storageLimits(pod.spec)
  if (!candidate.mayBeEvicted() || !hasLimits(limits)) return
  try {
    const message = exceededStorage(limits, await storageUsage(context, pod, limits, pace))
    if (message !== undefined && candidate.mayBeEvicted()) candidate.evict(message)
  } catch (error) {
    if (isAway(error)) return
    const { name, namespace } = pod.metadata
    context.log.warn({ err: error, pod: `${namespace ?? ''}/${name}` }, 'what a pod takes of the disk was not measured')
  }
}

/** By the clock of the pods, which tests have run faster. */
function wait({ clock }: LocalStorageContext, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const cancel = clock.after(everyMs, done)
    function done(): void {
      signal.removeEventListener('abort', done)
      cancel()
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
    if (signal.aborted) done()
  })
}
