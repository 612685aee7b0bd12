// A pod as kubectl prints it: the one word that tells its state, how many containers are ready, how
// often they were restarted.
import { humanDuration } from '../../values/age.ts'
import { millisecondsOf } from '../../values/time.ts'
import type { Columns } from '../columns.ts'
import { age, ageColumn, column, nameColumn, none, orNone, wide } from '../columns.ts'
import type { ContainerStateTerminated, ContainerStatus } from './container-status.ts'
import type { Pod } from './pod-schema.ts'

export const podTable: Columns<Pod> = {
  columns: [
    nameColumn,
    column('Ready', 'How many of its containers are ready to serve, of how many.'),
    column('Status', 'The state of the pod as a whole: its phase, or what keeps it from running.'),
    column('Restarts', 'How often its containers were restarted, and when last.'),
    ageColumn,
    wide('IP', 'The address of the pod within the cluster.'),
    wide('Node', 'The node it runs on.'),
    wide('Nominated Node', 'The node on which room is being made for it.'),
    wide('Readiness Gates', 'How many of the extra conditions it waits for are met.'),
  ],
  cells(pod, nowMs) {
    const { ready, total, reason, restarts, lastRestartMs } = podSummary(pod)
    const when = restarts > 0 && lastRestartMs > 0 ? ` (${humanDuration(nowMs - lastRestartMs)} ago)` : ''
    return [
      pod.metadata.name ?? '',
      `${ready}/${total}`,
      reason,
      `${restarts}${when}`,
      age(pod, nowMs),
      orNone(pod.status.podIPs?.[0]?.ip ?? pod.status.podIP),
      orNone(pod.spec.nodeName),
      orNone(pod.status.nominatedNodeName),
      readinessGates(pod),
    ]
  },
}

export interface PodSummary {
  readonly ready: number
  readonly total: number
  /** `Running`, `Init:1/2`, `CrashLoopBackOff`, `Terminating` … */
  readonly reason: string
  readonly restarts: number
  /** Milliseconds since 1970; 0 when nothing was restarted. */
  readonly lastRestartMs: number
}

/** What the columns READY, STATUS and RESTARTS say. */
export function podSummary({ metadata, spec, status }: Pod): PodSummary {
  const sidecars = new Set(
    (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name),
  )
  const conditionTrue = (type: string) =>
    status.conditions?.some(condition => condition.type === type && condition.status === 'True') === true

  const init = initSummary(status.initContainerStatuses ?? [], spec.initContainers?.length ?? 0, sidecars)
  let ready = init.ready
  let counted = init.all
  let reason = init.reason ?? beforeContainers()
  if (init.reason === undefined || conditionTrue('Initialized')) {
    const main = containersSummary(status.containerStatuses ?? [])
    ready += main.ready
    counted = sum(init.sidecars, main.restarts)
    reason = main.reason ?? reason
    // Some containers are done while others run on.
    if (reason === 'Completed' && main.ready > 0) reason = conditionTrue('Ready') ? 'Running' : 'NotReady'
  }
  if (metadata.deletionTimestamp !== undefined) {
    if (status.reason === 'NodeLost') reason = 'Unknown'
    else if (status.phase !== 'Succeeded' && status.phase !== 'Failed') reason = 'Terminating'
  }
  return { ready, total: spec.containers.length + sidecars.size, reason, ...counted }

  function beforeContainers(): string {
    const gated = status.conditions?.some(
      condition => condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated',
    )
    if (gated === true) return 'SchedulingGated'
    return status.reason ?? status.phase ?? ''
  }
}

interface Restarts {
  readonly restarts: number
  readonly lastRestartMs: number
}

const noRestarts: Restarts = { restarts: 0, lastRestartMs: 0 }

function restartsOf({ restartCount, lastState }: ContainerStatus): Restarts {
  return { restarts: restartCount, lastRestartMs: millisecondsOf(lastState.terminated?.finishedAt) ?? 0 }
}

function sum(a: Restarts, b: Restarts): Restarts {
  return { restarts: a.restarts + b.restarts, lastRestartMs: Math.max(a.lastRestartMs, b.lastRestartMs) }
}

/** How far initialisation is; without a reason it is over. */
function initSummary(statuses: readonly ContainerStatus[], count: number, sidecarNames: ReadonlySet<string>) {
  let all = noRestarts
  let sidecars = noRestarts
  let ready = 0
  for (const [index, status] of statuses.entries()) {
    const isSidecar = sidecarNames.has(status.name)
    all = sum(all, restartsOf(status))
    if (isSidecar) sidecars = sum(sidecars, restartsOf(status))
    const { terminated, waiting } = status.state
    if (terminated?.exitCode === 0) continue
    if (isSidecar && status.started === true) {
      if (status.ready) ready++
      continue
    }
    const waitingFor = waiting?.reason === 'PodInitializing' ? undefined : waiting?.reason
    const detail = terminated === undefined ? (waitingFor ?? `${index}/${count}`) : endOf(terminated)
    return { all, sidecars, ready, reason: `Init:${detail}` }
  }
  return { all, sidecars, ready, reason: undefined }
}

function containersSummary(statuses: readonly ContainerStatus[]) {
  let restarts = noRestarts
  let ready = 0
  let reason: string | undefined
  // From the last to the first: the first container's word counts.
  for (const status of statuses.toReversed()) {
    restarts = sum(restarts, restartsOf(status))
    const { terminated, waiting, running } = status.state
    if (waiting?.reason !== undefined) reason = waiting.reason
    else if (terminated !== undefined) reason = endOf(terminated)
    else if (status.ready && running !== undefined) ready++
  }
  return { restarts, ready, reason }
}

function endOf({ reason, signal, exitCode }: ContainerStateTerminated): string {
  if (reason !== undefined) return reason
  return signal === undefined ? `ExitCode:${exitCode}` : `Signal:${signal}`
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? []
  if (gates.length === 0) return none
  const met = gates.filter(({ conditionType }) =>
    status.conditions?.some(({ type, status: value }) => type === conditionType && value === 'True'),
  )
  return `${met.length}/${gates.length}`
}
