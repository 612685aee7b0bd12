// Tells a pod's owner how scheduling went: events, and the condition PodScheduled.
import { type Pod, pods } from '../../api/kinds/core-v1/pod.ts'
import type { PodCondition } from '../../api/kinds/core-v1/pod-status.ts'
import type { Stored } from '../../api/kinds/kind.ts'
import { timeOf } from '../../api/values/time.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../client/events.ts'
import type { Clock } from '../../lib/clock.ts'
import type { PodInfo } from '../framework/pod-info.ts'

export interface ReporterOptions {
  readonly client: Client
  readonly events: EventRecorder
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly onError: (error: unknown) => void
}

/** Statuses in one call. */
const batch = 256

export class Reporter {
  readonly #options: ReporterOptions
  /** Statuses to be written, the latest a pod, by uid. */
  #waiting = new Map<string, Stored<Pod>>()
  #writing = false

  constructor(options: ReporterOptions) {
    this.#options = options
  }

  scheduled({ pod, key }: PodInfo, node: string): void {
    this.#options.events.record(pod, 'Normal', 'Scheduled', `Successfully assigned ${key} to ${node}`)
  }

  /** It fits nowhere now; `message` says why. */
  unschedulable({ pod }: PodInfo, message: string): void {
    this.#options.events.record(pod, 'Warning', 'FailedScheduling', message)
    this.#setCondition(pod, 'Unschedulable', message)
  }

  /** Something went wrong that isn't the pod's fault. */
  failed({ pod }: PodInfo, message: string): void {
    this.#options.events.record(pod, 'Warning', 'FailedScheduling', message)
    this.#setCondition(pod, 'SchedulerError', message)
  }

  #setCondition(pod: Stored<Pod>, reason: string, message: string): void {
    const changed = withCondition(pod, reason, message, timeOf(this.#options.clock.now()))
    if (!changed) return
    this.#waiting.set(pod.metadata.uid, changed)
    void this.#write()
  }

  /** One call at a time; what is said meanwhile goes together in the next. */
  async #write(): Promise<void> {
    if (this.#writing) return
    this.#writing = true
    const { client, signal, onError } = this.#options
    // Those that are being told in one go come together.
    await Promise.resolve()
    while (this.#waiting.size > 0) {
      const all = [...this.#waiting.values()]
      this.#waiting = new Map(all.slice(batch).map(pod => [pod.metadata.uid, pod]))
      try {
        // A pod that changed meanwhile is tried again for that, so a conflict can be let go.
        await client.updateStatuses(pods, all.slice(0, batch), { signal })
      } catch (error) {
        if (signal.aborted) break
        onError(error)
      }
    }
    this.#writing = false
  }
}

/** The pod with PodScheduled=False; undefined when it says so already. */
function withCondition(pod: Stored<Pod>, reason: string, message: string, now: string): Stored<Pod> | undefined {
  const conditions = pod.status.conditions ?? []
  const old = conditions.find(condition => condition.type === 'PodScheduled')
  if (old?.status === 'False' && old.reason === reason && old.message === message) return undefined
  const lastTransitionTime = old?.status === 'False' ? (old.lastTransitionTime ?? now) : now
  const condition: PodCondition = { type: 'PodScheduled', status: 'False', lastTransitionTime, reason, message }
  const others = conditions.filter(other => other !== old)
  return { ...pod, status: { ...pod.status, conditions: [...others, condition] } }
}
