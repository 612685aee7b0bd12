// Where one pod stands between its arrival at the node and its start: whether it may run here, and what it takes.
import type { PodStatus } from '../../../api/kinds/core-v1/pod-status.ts'
import { failureOf, graceSecondsOf } from '../planning/ending.ts'
import type { Ending, Pod } from '../planning/situation.ts'
import type { Context } from '../steps/context.ts'
import type { Rejection } from './admission.ts'
import { type Demand, demandOf } from './demand.ts'

export interface PodAdmissionOptions {
  readonly context: Pick<Context, 'clock' | 'events' | 'log' | 'view'>
  readonly pod: () => Pod
  readonly isStatic: boolean
  /** As reported last. */
  readonly status: () => PodStatus
  /** Why and until when the pod ends, if it does. */
  readonly ending: () => Ending | undefined
  /** Whether the pod's source still has it, and the agent works. */
  readonly isPresent: () => boolean
  /** The pod is to end. */
  readonly end: (ending: Ending) => void
  /** It was decided. */
  readonly onDecision: () => void
  /** Resolves when nothing of the pod runs any more, nor will. */
  readonly ended: Promise<void>
}

export class PodAdmission {
  readonly #options: PodAdmissionOptions
  #state: 'undecided' | 'held' | 'admitted' | 'rejected' = 'undecided'
  #demand: { readonly pod: Pod; readonly demand: Demand } | undefined

  constructor(options: PodAdmissionOptions) {
    this.#options = options
  }

  get pod(): Pod {
    return this.#options.pod()
  }

  get isStatic(): boolean {
    return this.#options.isStatic
  }

  get ended(): Promise<void> {
    return this.#options.ended
  }

  get isAdmitted(): boolean {
    return this.#state === 'admitted'
  }

  /** What the pod takes of the node, once it is admitted. */
  get demand(): Demand {
    if (this.#demand?.pod !== this.pod) this.#demand = { pod: this.pod, demand: demandOf(this.pod, this.isStatic) }
    return this.#demand.demand
  }

  /** Whether it takes that now: it was admitted, is neither over nor about to make room, and its source still has it. */
  get takesRoom(): boolean {
    const { status, ending, isPresent } = this.#options
    if (this.#state === 'undecided' || this.#state === 'rejected' || !isPresent()) return false
    const { phase } = status()
    return ending()?.cause !== 'preempted' && phase !== 'Succeeded' && phase !== 'Failed'
  }

  /** Whether the pod needs no admission: an agent of this node has begun with it, or it is ending. */
  get hasBegun(): boolean {
    const { metadata, status } = this.pod
    const { sandboxes, containers } = this.#options.context.view.observed(metadata.uid)
    const isOver = status.phase === 'Failed' || status.phase === 'Succeeded'
    // The start time is the node's to write.
    const told = status.startTime !== undefined || metadata.deletionTimestamp !== undefined || isOver
    return told || sandboxes.length + containers.length > 0
  }

  /** Whether there still is something to decide: the pod is not ending anyway. */
  get isUndecided(): boolean {
    const { ending, isPresent } = this.#options
    return this.#state === 'undecided' && ending() === undefined && isPresent()
  }

  /** Nothing is done for the pod before this. */
  admit(): void {
    this.#state = 'admitted'
    this.#options.onDecision()
  }

  /** It will be admitted once others have made room: what it takes is no longer free. */
  hold(): void {
    this.#state = 'held'
  }

  /** The pod never runs here. */
  reject({ reason, message }: Rejection): void {
    const { context, end, onDecision } = this.#options
    const { clock, events, log } = context
    this.#state = 'rejected'
    const failure = { reason, message: `Pod was rejected: ${message}` }
    end({ cause: 'rejected', sinceMs: clock.now(), deadlineMs: clock.now(), failure })
    const { name, namespace } = this.pod.metadata
    log.warn({ pod: `${namespace ?? ''}/${name}`, reason }, `pod rejected: ${message}`)
    events.record(this.pod, 'Warning', reason, message)
    onDecision()
  }

  /** The pod ends in favour of a critical one. */
  preempt(): void {
    const { context, end, onDecision } = this.#options
    const { clock, events } = context
    const failure = failureOf('preempted')
    const nowMs = clock.now()
    end({ cause: 'preempted', sinceMs: nowMs, deadlineMs: nowMs + graceSecondsOf(this.pod) * 1000, failure })
    if (failure) events.record(this.pod, 'Warning', failure.reason, failure.message)
    onDecision()
  }
}
