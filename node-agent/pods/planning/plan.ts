// What is to be done for one pod next: a pure function of its situation. It names only what can be done now; the worker
// plans again whenever a step ends, something is observed, or the time named has come. So the order of things lives
// here, as conditions, and nothing needs to be remembered between two plans.
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import { currentSandbox, newest, type ObservedContainer, type ObservedSandbox } from '../observation/observation.ts'
import { activeDeadlineMs, graceSecondsOf, isInitialized } from './ending.ts'
import { complaintOf, stopping } from './kill-reasons.ts'
import { initPolicy, isSidecar, nextBackoffMs, restartAtMs, shouldRestart } from './restart.ts'
import {
  appContainers,
  type Ending,
  type Failure,
  hasVolumes,
  initContainers,
  pullErrorShownMs,
  type Situation,
} from './situation.ts'
import { failureKey, failureKeyOf, type KillReason, type Step, subjectOf } from './step.ts'

export interface Plan {
  /** All of them may run at the same time. */
  readonly steps: readonly Step[]
  /** When to plan again if nothing happens before, in milliseconds since 1970. */
  readonly lookAgainAtMs: number | undefined
}

export function plan(situation: Situation): Plan {
  const draft = new Draft(situation)
  if (situation.ending === undefined) run(draft)
  else end(draft, situation.ending)
  return draft
}

class Draft implements Plan {
  readonly situation: Situation
  readonly steps: Step[] = []
  lookAgainAtMs: number | undefined

  constructor(situation: Situation) {
    this.situation = situation
  }

  /** Adds a step, unless its subject is being worked on or it has failed a moment ago. */
  add(step: Step): void {
    const subject = subjectOf(step)
    if (this.situation.busy.has(subject) || this.steps.some(other => subjectOf(other) === subject)) return
    if (this.mayRetry(this.situation.failures.get(failureKeyOf(step)))) this.steps.push(step)
  }

  /** Whether the time has come; if not, it is when to look again. */
  due(atMs: number): boolean {
    if (this.situation.nowMs >= atMs) return true
    this.lookAgainAtMs = Math.min(atMs, this.lookAgainAtMs ?? Infinity)
    return false
  }

  mayRetry(failure: Failure | undefined): boolean {
    return failure === undefined || this.due(failure.retryAtMs)
  }
}

const isLive = ({ state }: ObservedContainer): boolean => state === 'running' || state === 'unknown'

function kill(draft: Draft, container: ObservedContainer, reason: KillReason, message: string, deadlineMs: number) {
  const { name, id } = container
  const forewarned = draft.situation.forewarned.has(id)
  draft.add({ kind: 'killContainer', container: name, id, reason, message, deadlineMs, forewarned, hastened: false })
}

function run(draft: Draft): void {
  const { pod, observed, volumes, nowMs } = draft.situation
  const current = currentSandbox(observed)
  const sandbox = current?.ready ? current : undefined
  const deadlineMs = activeDeadlineMs(pod, draft.situation.startedAtMs)
  if (deadlineMs !== undefined) draft.due(deadlineMs)

  const strays = observed.containers.filter(container => isLive(container) && container.sandboxId !== sandbox?.id)
  for (const stray of strays) {
    kill(draft, stray, 'sandboxChanged', stopping(stray.name), nowMs + graceSecondsOf(pod) * 1000)
  }
  for (const other of observed.sandboxes) {
    if (other.ready && other !== current) draft.add({ kind: 'stopSandbox', id: other.id })
  }

  const wanted = startContainers(draft, sandbox)
  // Wanted by containers that start, and for content that changes under those that run.
  if (volumes !== 'ready') draft.add({ kind: 'prepareVolumes' })
  if (wanted && sandbox === undefined && strays.length === 0) {
    draft.add({ kind: 'createSandbox', attempt: Math.max(-1, ...observed.sandboxes.map(({ attempt }) => attempt)) + 1 })
  }
  discardSuperseded(draft)
}

/** Walks the containers in the order they start in; answers whether any is to be started now. */
function startContainers(draft: Draft, sandbox: ObservedSandbox | undefined): boolean {
  const { pod, observed, health, busy } = draft.situation
  let wanted = false
  const initialized = isInitialized(pod, observed, sandbox?.id)
  for (const container of initContainers(pod)) {
    if (initialized && !isSidecar(container)) continue
    wanted = reconcile(draft, container, sandbox, { init: true, held: false }) || wanted
    if (initialized) continue
    const here = sandbox && newest(observed, container.name, sandbox.id)
    const passed = isSidecar(container)
      ? here?.state === 'running' && health(here.id).started
      : here?.state === 'exited' && here.exitCode === 0
    if (!passed || busy.has(`container/${container.name}`)) return wanted
  }
  // Containers start together, but nothing starts before an earlier container's postStart hook has ended.
  let held = false
  for (const container of appContainers(pod)) {
    const starts = reconcile(draft, container, sandbox, { init: false, held })
    wanted ||= starts
    const starting = starts || busy.get(`container/${container.name}`)?.kind === 'startContainer'
    held ||= container.lifecycle?.postStart !== undefined && starting
  }
  return wanted
}

/** One container: kill it, start it, or leave it alone. Answers whether it is to be started now. */
function reconcile(
  draft: Draft,
  spec: Container,
  sandbox: ObservedSandbox | undefined,
  { init, held }: { readonly init: boolean; readonly held: boolean },
): boolean {
  const { pod, observed, busy, nowMs } = draft.situation
  if (busy.has(`container/${spec.name}`)) return false
  const here = sandbox && newest(observed, spec.name, sandbox.id)
  if (here && isLive(here)) {
    const complaint = complaintOf(draft.situation, spec, here)
    if (complaint) kill(draft, here, complaint.reason, complaint.message, nowMs + complaint.graceSeconds * 1000)
    return false
  }
  const ended = observed.containers.find(({ name, state }) => name === spec.name && state === 'exited')
  // A new sandbox runs every init container again; else what has ended for good stays so.
  const policy = init && !isSidecar(spec) ? initPolicy(pod.spec) : pod.spec
  const mayStart = ended === undefined || (init && here === undefined) || shouldRestart(policy, spec, ended.exitCode)
  return mayStart && start(draft, spec, sandbox, here, ended, held)
}

function start(
  draft: Draft,
  { name }: Container,
  sandbox: ObservedSandbox | undefined,
  created: ObservedContainer | undefined,
  ended: ObservedContainer | undefined,
  held: boolean,
): boolean {
  const { images, failures, observed } = draft.situation
  const replaces = created?.state === 'created' ? created : undefined
  const attempt = replaces?.attempt ?? (newest(observed, name)?.attempt ?? -1) + 1
  const backoffMs = replaces?.backoffMs ?? nextBackoffMs(ended)
  if (ended && !draft.due(restartAtMs(ended))) return false
  if (!draft.mayRetry(failures.get(failureKey('startContainer', name)))) return false

  // Only what can be started is fetched for, and told of.
  if (sandbox === undefined || !hasVolumes(draft.situation)) return true
  if (images.get(name) !== attempt) {
    const failure = failures.get(failureKey('ensureImage', name))
    if (failure) draft.due(failure.atMs + pullErrorShownMs) // The status changes then.
    if (!draft.mayRetry(failure)) return false
    draft.add({ kind: 'ensureImage', container: name, attempt })
  } else if (!held) {
    const sandboxId = sandbox.id
    draft.add({ kind: 'startContainer', container: name, sandboxId, attempt, backoffMs, replaces: replaces?.id })
  }
  return true
}

/** Of each container's dead, one stays beside the newest, for `logs --previous`; sandboxes stay while one of theirs does. */
function discardSuperseded(draft: Draft): void {
  const { observed } = draft.situation
  const seen = new Map<string, number>()
  for (const { name, id, state } of observed.containers) {
    const newer = seen.get(name) ?? 0
    seen.set(name, newer + 1)
    if (newer >= 2 && state === 'exited') draft.add({ kind: 'removeContainer', container: name, id })
  }
  const current = currentSandbox(observed)
  for (const { id, ready } of observed.sandboxes) {
    if (!ready && id !== current?.id && observed.containers.every(({ sandboxId }) => sandboxId !== id))
      draft.add({ kind: 'removeSandbox', id })
  }
}

function end(draft: Draft, ending: Ending): void {
  const { observed, busy, volumes, deletionTold } = draft.situation
  killInOrder(draft, ending)
  for (const { name, id, state } of observed.containers) {
    if (state === 'created' && !busy.has(`container/${name}`))
      draft.add({ kind: 'removeContainer', container: name, id })
  }
  const inUse =
    observed.containers.some(isLive) || [...busy.keys()].some(subject => /^(container|sandbox)\b/.test(subject))
  if (inUse) return

  const ready = observed.sandboxes.filter(sandbox => sandbox.ready)
  for (const { id } of ready) draft.add({ kind: 'stopSandbox', id })
  if (volumes !== 'released') draft.add({ kind: 'releaseVolumes' })
  if (ready.length > 0 || volumes !== 'released') return

  if (ending.cause === 'deleted') {
    if (!deletionTold) draft.add({ kind: 'deletePod' })
  } else if (ending.cause === 'removed') {
    removeAll(draft)
  }
}

/**
 * The pod's containers first, then its sidecars from the last to the first; but all know at once, so that the hooks of
 * those that wait run meanwhile (KEP-753).
 */
function killInOrder(draft: Draft, ending: Ending): void {
  const { pod, observed, busy, forewarned, nowMs } = draft.situation
  const sidecars = initContainers(pod).filter(isSidecar)
  const place = new Map(sidecars.map(({ name }, index) => [name, sidecars.length - index]))
  const placeOf = (name: string): number => place.get(name) ?? 0
  const live = observed.containers.filter(isLive)
  const starting = [...busy.values()].flatMap(step => (step.kind === 'startContainer' ? [step.container] : []))
  const turn = Math.min(...live.map(({ name }) => placeOf(name)), ...starting.map(placeOf))
  for (const container of live) {
    const { name, id } = container
    const message = stopping(name)
    const underWay = busy.get(`container/${name}`) ?? busy.get(`forewarning/${id}`)
    if (placeOf(name) > turn) {
      if (underWay === undefined && !forewarned.has(id))
        draft.add({ kind: 'forewarn', container: name, id, message, deadlineMs: ending.deadlineMs })
    } else if (underWay === undefined) {
      kill(draft, container, 'ending', message, ending.deadlineMs)
    } else if ('deadlineMs' in underWay && underWay.deadlineMs > Math.max(ending.deadlineMs, nowMs) + 1000) {
      const { deadlineMs } = ending
      const now = { kind: 'killContainer', container: name, id, reason: 'ending', message, deadlineMs } as const
      draft.add({ ...now, forewarned: true, hastened: true })
    }
  }
}

/** Nothing of the pod stays: containers go with their sandbox, then the pod's directories. */
function removeAll(draft: Draft): void {
  const { observed } = draft.situation
  for (const { id } of observed.sandboxes) draft.add({ kind: 'removeSandbox', id })
  for (const { name, id, sandboxId } of observed.containers) {
    const withSandbox = observed.sandboxes.some(sandbox => sandbox.id === sandboxId)
    if (!withSandbox) draft.add({ kind: 'removeContainer', container: name, id })
  }
  if (observed.sandboxes.length + observed.containers.length === 0) draft.add({ kind: 'forget' })
}
