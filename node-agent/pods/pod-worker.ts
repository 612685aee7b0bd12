// One pod: plans whenever something changed, carries out what the plan says, and reports. Planning never waits; steps
// run beside each other, each subject at most once at a time, so a pod is always worked on in the light of what is
// known now.
import { isDeepStrictEqual } from 'node:util'
import type { PodStatus } from '../../api/kinds/core-v1/pod-status.ts'
import { millisecondsOf } from '../../api/values/time.ts'
import { PodAdmission } from './admission/pod-admission.ts'
import { isCritical } from './admission/preemption.ts'
import type { EvictablePod } from './eviction/local-storage.ts'
import { endingCause, endingGraceSeconds, failureOf, sharpen } from './planning/ending.ts'
import { plan } from './planning/plan.ts'
import type { Ending, Pod, Situation } from './planning/situation.ts'
import { PodProbes } from './pod-probes.ts'
import { PodReport } from './pod-report.ts'
import { PodSteps } from './pod-steps.ts'
import { isOver } from './status/status.ts'
import type { Context } from './steps/context.ts'

export interface PodWorkerOptions {
  readonly context: Context
  readonly pod: Pod
  /** The pod at the API that shows this one: itself, or a static pod's mirror; undefined where there is none. */
  readonly shownAs: () => Pod | undefined
  /** Static pods are nobody's to delete at the API. */
  readonly isStatic: boolean
  /** Nothing of the pod is left. */
  readonly onGone: (uid: string) => void
}

/** What an evicted pod gets to end by itself, whatever its own grace: the kubelet's number. */
const evictionGraceMs = 1_000

export class PodWorker implements EvictablePod {
  readonly #options: PodWorkerOptions
  readonly #steps: PodSteps
  readonly #probes: PodProbes
  readonly #report: PodReport
  /** Aborts when the pod begins to end. */
  readonly #starting = new AbortController()
  readonly #startedAtMs: number
  /** Whether it may run here, and what it takes. */
  readonly admission: PodAdmission
  #resolveEnded: () => void = () => {}
  #pod: Pod
  #removed = false
  #ending: Ending | undefined
  #scheduled = false
  #stopped = false
  #cancelTimer: (() => void) | undefined

  constructor(options: PodWorkerOptions) {
    const { context, shownAs, isStatic } = options
    this.#options = options
    this.#pod = options.pod
    this.#startedAtMs = millisecondsOf(options.pod.status.startTime) ?? context.clock.now()
    const pod = (): Pod => this.#pod
    this.#report = new PodReport(context, shownAs)
    this.#probes = new PodProbes({ context, pod, told: () => shownAs()?.status, onChange: () => this.wake() })
    this.#steps = new PodSteps({
      context,
      pod,
      starting: this.#starting.signal,
      onEnd: (step, succeeded) => {
        if (step.kind === 'forget' && succeeded) this.#gone()
        this.wake()
      },
    })
    this.admission = new PodAdmission({
      context,
      pod,
      isStatic,
      status: () => this.status,
      ending: () => this.#ending,
      isPresent: () => !this.#removed && !this.#stopped,
      end: ending => this.#end(ending),
      onDecision: () => this.wake(),
      ended: new Promise(resolve => {
        this.#resolveEnded = resolve
      }),
    })
    context.objects.follow(options.pod)
    this.wake()
  }

  get pod(): Pod {
    return this.#pod
  }

  get isStatic(): boolean {
    return this.#options.isStatic
  }

  /** Whether its source has it no more. */
  get isLeaving(): boolean {
    return this.#removed
  }

  /** As reported last. */
  get status(): PodStatus {
    return this.#report.last ?? this.#pod.status
  }

  mayBeEvicted(): boolean {
    if (!this.admission.isAdmitted || this.#ending || this.#removed || this.#stopped) return false
    return !isCritical(this.admission.demand)
  }

  /**
   * The pod fails for what it took of the node. It is not said to be disrupted: it would do so again elsewhere.
   * https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions
   */
  evict(message: string): void {
    const { clock, events, log } = this.#options.context
    const { name, namespace } = this.#pod.metadata
    log.warn({ pod: `${namespace ?? ''}/${name}` }, `pod evicted: ${message}`)
    events.record(this.#pod, 'Warning', 'Evicted', message)
    const nowMs = clock.now()
    const failure = { reason: 'Evicted', message }
    this.#end({ cause: 'evicted', sinceMs: nowMs, deadlineMs: nowMs + evictionGraceMs, failure })
    this.wake()
  }

  /** A newer version of the pod. */
  update(pod: Pod): void {
    const { labels, annotations } = this.#pod.metadata
    const shown = isDeepStrictEqual([labels, annotations], [pod.metadata.labels, pod.metadata.annotations])
    this.#pod = pod
    if (!shown) this.#steps.memory.contentChanged() // The downward API shows them.
    this.wake()
  }

  /** The pod is gone from where it came from; what is left of it here goes too. */
  remove(): void {
    this.#removed = true
    this.wake()
  }

  /** A ConfigMap or Secret that the pod names has changed. */
  contentChanged(): void {
    this.#steps.memory.contentChanged()
    this.wake()
  }

  /** Plans again, once for all that happens in this turn of the event loop. */
  wake(): void {
    if (this.#scheduled || this.#stopped) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      if (this.#stopped) return
      try {
        this.#turn()
      } catch (error) {
        const { name, namespace } = this.#pod.metadata
        this.#options.context.log.error({ err: error, pod: `${namespace ?? ''}/${name}` }, 'planning failed')
      }
    })
  }

  /** The agent ends; the pod goes on without it. */
  stop(): void {
    this.#stopped = true
    this.#cancelTimer?.()
    this.#starting.abort()
    this.#steps.stop()
    this.#probes.stop()
  }

  #turn(): void {
    const { clock } = this.#options.context
    const nowMs = clock.now()
    this.#decideEnding(nowMs)
    if (!this.admission.isAdmitted && this.#ending === undefined) return
    this.#probes.tend(this.#steps.underWay, this.#ending !== undefined)
    const { steps, lookAgainAtMs } = plan(this.#situation(nowMs))
    for (const step of steps) void this.#steps.launch(step)
    const situation = this.#situation(nowMs)
    if (!this.#removed) this.#report.tell(situation)
    if (isOver(situation)) this.#resolveEnded()
    this.#cancelTimer?.()
    this.#cancelTimer =
      lookAgainAtMs === undefined ? undefined : clock.after(Math.max(1, lookAgainAtMs - nowMs), () => this.wake())
  }

  #situation(nowMs: number): Situation {
    const { memory, underWay } = this.#steps
    return {
      pod: this.#pod,
      observed: this.#options.context.view.observed(this.#pod.metadata.uid),
      ending: this.#ending,
      volumes: memory.volumes,
      images: memory.images,
      failures: memory.failures,
      forewarned: memory.forewarned,
      health: id => this.#probes.health(id),
      startedAtMs: this.#startedAtMs,
      deletionTold: memory.deletionTold || this.#options.isStatic,
      busy: underWay,
      nowMs,
    }
  }

  #decideEnding(nowMs: number): void {
    const { view } = this.#options.context
    const observed = view.observed(this.#pod.metadata.uid)
    const cause = this.#removed ? 'removed' : endingCause(this.#pod, observed, this.#startedAtMs, nowMs)
    if (cause === undefined) return
    const graceSeconds = endingGraceSeconds(this.#pod, cause, this.isStatic)
    this.#end({ cause, sinceMs: nowMs, deadlineMs: nowMs + graceSeconds * 1000, failure: failureOf(cause) })
  }

  #end(ending: Ending): void {
    this.#ending = sharpen(this.#ending, ending)
    if (!this.#starting.signal.aborted) this.#starting.abort()
  }

  #gone(): void {
    this.stop()
    this.#resolveEnded()
    this.#options.context.writer.forget(this.#options.shownAs()?.metadata.uid ?? this.#pod.metadata.uid)
    this.#options.onGone(this.#pod.metadata.uid)
  }
}
