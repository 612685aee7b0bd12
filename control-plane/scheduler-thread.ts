// The scheduler in a thread of this process: its own event loop, begun anew when it ends by itself.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { isAborted, sleep } from '../lib/abort.ts'
import { backoffMs } from '../lib/backoff.ts'
import type { Logger } from '../lib/logger.ts'

const backoff = { initialMs: 200, maxMs: 10_000 }
/** A thread that ran this long starts over with the shortest delay. */
const healthyMs = 30_000

/** Runs the scheduler until the signal aborts. */
export async function superviseScheduler(kubeconfig: string, logger: Logger, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    const startedMs = performance.now()
    const failure = await runOnce(kubeconfig, signal)
    if (isAborted(signal)) return
    failures = performance.now() - startedMs > healthyMs ? 1 : failures + 1
    logger.error({ err: failure }, 'the scheduler ended; starting it again')
    await sleep(backoffMs(failures - 1, backoff), signal)
  }
}

/** Resolves when the thread has ended, with the error that ended it. */
async function runOnce(kubeconfig: string, signal: AbortSignal): Promise<unknown> {
  const worker = new Worker(new URL('scheduler.js', import.meta.url), { workerData: { kubeconfig } })
  let failure: unknown
  worker.on('error', error => {
    failure = error
  })
  const terminate = (): void => void worker.terminate()
  signal.addEventListener('abort', terminate, { once: true })
  if (signal.aborted) terminate()
  try {
    await once(worker, 'exit')
  } catch (error) {
    failure = error
  } finally {
    signal.removeEventListener('abort', terminate)
  }
  return failure
}
