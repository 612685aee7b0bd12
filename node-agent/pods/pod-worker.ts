// One pod: plans whenever something changed, carries out what the plan says, and reports. Planning never waits; steps
// run beside each other, each subject at most once at a time, so a pod is always worked on in the light of what is
// known now.
import { isDeepStrictEqual } from 'node:util'
import type { ContainerStatus, PodStatus } from '../../api/kinds/core-v1.ts'
import { millisecondsOf } from '../../api/values/time.ts'
import { ContainerProbes } from '../probes/container-probes.ts'
import type { Rejection } from './admission/admission.ts'
import { type Demand, demandOf } from './admission/demand.ts'
import { newest, type ObservedContainer } from './observation/observation.ts'
import { endingCause, failureOf, graceSecondsOf, sharpen } from './planning/ending.ts'
import { plan } from './planning/plan.ts'
import { shouldRestart } from './planning/restart.ts'
import {
  appContainers,
  type Ending,
  type Health,
  initContainers,
  type Pod,
  type Situation,
} from './planning/situation.ts'
import { failureKeyOf, type Step, subjectOf } from './planning/step.ts'
import { containerUrl } from './status/container-status.ts'
import { isOver, podStatus } from './status/status.ts'
import type { Context } from './steps/context.ts'
import { execute } from './steps/execute.ts'
import { fieldPath } from './steps/field-path.ts'
import { actionTarget } from './steps/hook.ts'
import { PodMemory } from './steps/pod-memory.ts'
import { isAway, messageOf, StepError } from './steps/step-error.ts'

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

const healthy: Health = { started: true, ready: true, failed: undefined }

export class PodWorker {
  readonly #options: PodWorkerOptions
  readonly #memory = new PodMemory()
  readonly #busy = new Map<string, Step>()
  readonly #probes = new Map<string, ContainerProbes>()
  /** Aborts when the pod begins to end. */
  readonly #starting = new AbortController()
  readonly #startedAtMs: number
  /** Resolves when nothing of the pod runs any more, nor will. */
  readonly ended: Promise<void>
  #resolveEnded: () => void = () => {}
  #admission: 'undecided' | 'held' | 'admitted' | 'rejected' = 'undecided'
  #demand: Demand | undefined
  #pod: Pod
  #removed = false
  #ending: Ending | undefined
  #scheduled = false
  #stopped = false
  #cancelTimer: (() => void) | undefined
  #reported: PodStatus | undefined

  constructor(options: PodWorkerOptions) {
    this.#options = options
    this.#pod = options.pod
    this.#startedAtMs = millisecondsOf(options.pod.status.startTime) ?? options.context.clock.now()
    this.ended = new Promise(resolve => {
      this.#resolveEnded = resolve
    })
    options.context.objects.follow(options.pod)
    this.wake()
  }

  get pod(): Pod {
    return this.#pod
  }

  /** As reported last. */
  get status(): PodStatus {
    return this.#reported ?? this.#pod.status
  }

  get isStatic(): boolean {
    return this.#options.isStatic
  }

  /** What the pod takes of the node, once it is admitted. */
  get demand(): Demand {
    this.#demand ??= demandOf(this.#pod, this.isStatic)
    return this.#demand
  }

  /** Whether it takes that now: it was admitted, is neither over nor about to make room, and its source still has it. */
  get takesRoom(): boolean {
    if (this.#admission === 'undecided' || this.#admission === 'rejected' || this.#removed) return false
    const { phase } = this.status
    return this.#ending?.cause !== 'preempted' && phase !== 'Succeeded' && phase !== 'Failed'
  }

  /** Whether the pod needs no admission: an agent of this node has begun with it, or it is ending. */
  get hasBegun(): boolean {
    const { metadata, status } = this.#pod
    const { sandboxes, containers } = this.#options.context.view.observed(metadata.uid)
    const isOver = status.phase === 'Failed' || status.phase === 'Succeeded'
    // The start time is the node's to write.
    const told = status.startTime !== undefined || metadata.deletionTimestamp !== undefined || isOver
    return told || sandboxes.length + containers.length > 0
  }

  /** Whether there still is something to decide: the pod is not ending anyway. */
  get isUndecided(): boolean {
    return this.#admission === 'undecided' && this.#ending === undefined && !this.#stopped
  }

  /** Nothing is done for the pod before this. */
  admit(): void {
    this.#admission = 'admitted'
    this.wake()
  }

  /** It will be admitted once others have made room: what it takes is no longer free. */
  hold(): void {
    this.#admission = 'held'
  }

  /** The pod never runs here. */
  reject({ reason, message }: Rejection): void {
    const { clock, events, log } = this.#options.context
    this.#admission = 'rejected'
    const failure = { reason, message: `Pod was rejected: ${message}` }
    this.#end({ cause: 'rejected', deadlineMs: clock.now(), failure })
    const { name, namespace } = this.#pod.metadata
    log.warn({ pod: `${namespace ?? ''}/${name}`, reason }, `pod rejected: ${message}`)
    events.record(this.#pod, 'Warning', reason, message)
    this.wake()
  }

  /** The pod ends in favour of a critical one. */
  preempt(): void {
    const { clock, events } = this.#options.context
    const failure = failureOf('preempted')
    this.#end({ cause: 'preempted', deadlineMs: clock.now() + graceSecondsOf(this.#pod) * 1000, failure })
    if (failure) events.record(this.#pod, 'Warning', failure.reason, failure.message)
    this.wake()
  }

  /** Whether a container of this name that has ended will be started again. */
  restarts(name: string): boolean {
    const container = appContainers(this.#pod).find(spec => spec.name === name)
    const ended = newest(this.#options.context.view.observed(this.#pod.metadata.uid), name)
    if (this.#ending || !container || !ended) return false
    return shouldRestart(this.#pod.spec, container, ended.exitCode)
  }

  /** A newer version of the pod. */
  update(pod: Pod): void {
    const { labels, annotations } = this.#pod.metadata
    const shown = isDeepStrictEqual([labels, annotations], [pod.metadata.labels, pod.metadata.annotations])
    this.#pod = pod
    this.#demand = undefined
    if (!shown) this.#memory.contentChanged() // The downward API shows them.
    this.wake()
  }

  /** The pod is gone from where it came from; what is left of it here goes too. */
  remove(): void {
    this.#removed = true
    this.wake()
  }

  /** A ConfigMap or Secret that the pod names has changed. */
  contentChanged(): void {
    this.#memory.contentChanged()
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
    for (const probes of this.#probes.values()) probes.stop()
  }

  #turn(): void {
    const { clock } = this.#options.context
    const nowMs = clock.now()
    this.#decideEnding(nowMs)
    if (this.#admission !== 'admitted' && this.#ending === undefined) return
    this.#tendProbes()
    const { steps, lookAgainAtMs } = plan(this.#situation(nowMs))
    for (const step of steps) void this.#launch(step)
    const situation = this.#situation(nowMs)
    this.#report(situation)
    if (isOver(situation)) this.#resolveEnded()
    this.#cancelTimer?.()
    this.#cancelTimer =
      lookAgainAtMs === undefined ? undefined : clock.after(Math.max(1, lookAgainAtMs - nowMs), () => this.wake())
  }

  #situation(nowMs: number): Situation {
    return {
      pod: this.#pod,
      observed: this.#options.context.view.observed(this.#pod.metadata.uid),
      ending: this.#ending,
      volumes: this.#memory.volumes,
      images: this.#memory.images,
      failures: this.#memory.failures,
      health: id => this.#probes.get(id)?.health ?? healthy,
      startedAtMs: this.#startedAtMs,
      deletionTold: this.#memory.deletionTold || this.#options.isStatic,
      busy: this.#busy,
      nowMs,
    }
  }

  #decideEnding(nowMs: number): void {
    const { view } = this.#options.context
    const observed = view.observed(this.#pod.metadata.uid)
    const cause = this.#removed ? 'removed' : endingCause(this.#pod, observed, this.#startedAtMs, nowMs)
    if (cause === undefined) return
    const { deletionGracePeriodSeconds } = this.#pod.metadata
    const graceSeconds = deletionGracePeriodSeconds ?? graceSecondsOf(this.#pod)
    this.#end({ cause, deadlineMs: nowMs + graceSeconds * 1000, failure: failureOf(cause) })
  }

  #end(ending: Ending): void {
    this.#ending = sharpen(this.#ending, ending)
    if (!this.#starting.signal.aborted) this.#starting.abort()
  }

  async #launch(step: Step): Promise<void> {
    const { context } = this.#options
    const subject = subjectOf(step)
    this.#busy.set(subject, step)
    // Not before this turn has reported: a step may wait for that report to be written.
    await Promise.resolve()
    const before = context.clock.now()
    try {
      await execute(context, this.#pod, step, this.#memory, this.#starting.signal)
      this.#memory.succeeded(step)
      const { name } = this.#pod.metadata
      context.log.debug({ pod: name, step: step.kind, tookMs: context.clock.now() - before }, 'step done')
      if (step.kind === 'forget') this.#gone()
    } catch (error) {
      if (!this.#stopped) this.#failed(step, error)
    } finally {
      this.#busy.delete(subject)
      this.wake()
    }
  }

  #failed(step: Step, error: unknown): void {
    const { clock, log } = this.#options.context
    const reason = error instanceof StepError ? error.reason : 'StepFailed'
    const away = isAway(error)
    this.#memory.failed(step, reason, messageOf(error), clock.now(), away)
    const { name, namespace } = this.#pod.metadata
    const retryAtMs = this.#memory.failures.get(failureKeyOf(step))?.retryAtMs ?? 0
    const told = error instanceof StepError ? { reason, message: error.message } : { err: error }
    const details = { ...told, pod: `${namespace ?? ''}/${name}`, step, retryMs: retryAtMs - clock.now() }
    if (away) log.debug(details, 'step not tried')
    else log.warn(details, 'step failed')
  }

  #gone(): void {
    this.stop()
    this.#resolveEnded()
    this.#options.context.writer.forget(this.#options.shownAs()?.metadata.uid ?? this.#pod.metadata.uid)
    this.#options.onGone(this.#pod.metadata.uid)
  }

  /** Probes for every running container that has some, none for others. */
  #tendProbes(): void {
    const { context } = this.#options
    const { containers } = context.view.observed(this.#pod.metadata.uid)
    const running = new Map(containers.filter(({ state }) => state === 'running').map(record => [record.id, record]))
    for (const [id, probes] of this.#probes) {
      if (running.has(id)) continue
      probes.stop()
      this.#probes.delete(id)
    }
    for (const [id, record] of running) if (!this.#probes.has(id)) this.#beginProbes(record)
  }

  #beginProbes({ id, name, startedAtMs }: ObservedContainer): void {
    const { context } = this.#options
    const container = [...initContainers(this.#pod), ...appContainers(this.#pod)].find(spec => spec.name === name)
    if (!container?.startupProbe && !container?.readinessProbe && !container?.livenessProbe) return
    const told = allStatuses(this.#options.shownAs()?.status).find(status => status.containerID === containerUrl(id))
    const probes = new ContainerProbes({
      container,
      target: actionTarget(context, this.#pod, container, id),
      clock: context.clock,
      startedAtMs,
      wasStarted: told?.started ?? false,
      wasReady: told?.ready ?? false,
      onChange: () => this.wake(),
      onFailure: (probe, { output }) => {
        const message = `${probe[0]?.toUpperCase() ?? ''}${probe.slice(1)} probe failed: ${output}`
        context.events.record(this.#pod, 'Warning', 'Unhealthy', message, fieldPath(this.#pod, name))
      },
    })
    this.#probes.set(id, probes)
  }

  #report(situation: Situation): void {
    if (this.#removed) return
    const { context, shownAs } = this.#options
    const shown = shownAs()
    // The conditions others wrote are on the pod that is shown.
    const seen =
      shown === undefined || shown === situation.pod ? situation : { ...situation, pod: asShown(situation.pod, shown) }
    const status = podStatus(seen, context.settings.hostIps())
    this.#announce(status)
    this.#reported = status
    if (shown) context.writer.set(shown, status, isUrgent(status, situation))
  }

  /** Events for what begins without a step of its own: waiting between two attempts. */
  #announce(status: PodStatus): void {
    const { events } = this.#options.context
    const { name, namespace, uid } = this.#pod.metadata
    const before = new Map(
      allStatuses(this.#reported).map(container => [container.name, container.state.waiting?.reason]),
    )
    for (const { name: container, state, image } of allStatuses(status)) {
      const reason = state.waiting?.reason
      if (reason === undefined || reason === before.get(container)) continue
      const where = fieldPath(this.#pod, container)
      if (reason === 'CrashLoopBackOff') {
        const pod = `${name}_${namespace ?? ''}(${uid})`
        const message = `Back-off restarting failed container ${container} in pod ${pod}`
        events.record(this.#pod, 'Warning', 'BackOff', message, where)
      } else if (reason === 'ImagePullBackOff') {
        events.record(this.#pod, 'Normal', 'BackOff', `Back-off pulling image "${image}"`, where)
        events.record(this.#pod, 'Warning', 'Failed', 'Error: ImagePullBackOff', where)
      }
    }
  }
}

const allStatuses = (status: PodStatus | undefined): ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
]

/** A static pod with what the API says of its mirror; how it fares is known here alone. */
function asShown(pod: Pod, shown: Pod): Pod {
  const { phase: _phase, reason: _reason, message: _message, ...status } = shown.status
  return { ...pod, status }
}

/**
 * Whether anybody waits for this status: not for one that only says that the pod is being made, nor while containers
 * are just being started, when the next one follows within milliseconds.
 */
function isUrgent(status: PodStatus, { busy }: Situation): boolean {
  if ([...busy.values()].some(({ kind }) => kind === 'startContainer')) return false
  if (status.phase !== 'Pending') return true
  const making = new Set(['ContainerCreating', 'PodInitializing'])
  return allStatuses(status).some(({ state }) => state.waiting === undefined || !making.has(state.waiting.reason ?? ''))
}
