// How a node is, in the kubelet's conditions and words: a pure function of what was read.
import type { NodeCondition } from '../../api/kinds/core-v1/node-status.ts'
import { timeOf } from '../../api/values/time.ts'
import type { Usage } from './machine.ts'

/** The kubelet's hard eviction thresholds: below them the node is under pressure, so pods are not promised the rest. */
export const leastMemoryBytes = 100 * 1024 * 1024
export const leastDiskFraction = 0.1
/** Of all process numbers there are. */
const mostPidFraction = 0.95

/** Why containers cannot be run here; undefined: they can. */
export type RuntimeTrouble = string | undefined

interface Verdict {
  readonly type: string
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
}

function verdicts(usage: Usage, trouble: RuntimeTrouble): Verdict[] {
  const memory = usage.memoryAvailableBytes < leastMemoryBytes
  const disk = usage.diskAvailableBytes < usage.diskBytes * leastDiskFraction
  const pids = usage.mostProcesses > 0 && usage.processes > usage.mostProcesses * mostPidFraction
  return [
    pressure(
      'MemoryPressure',
      memory,
      ['KubeletHasInsufficientMemory', 'KubeletHasSufficientMemory'],
      ['kubelet has insufficient memory available', 'kubelet has sufficient memory available'],
    ),
    pressure(
      'DiskPressure',
      disk,
      ['KubeletHasDiskPressure', 'KubeletHasNoDiskPressure'],
      ['kubelet has disk pressure', 'kubelet has no disk pressure'],
    ),
    pressure(
      'PIDPressure',
      pids,
      ['KubeletHasInsufficientPID', 'KubeletHasSufficientPID'],
      ['kubelet has insufficient PID available', 'kubelet has sufficient PID available'],
    ),
    trouble === undefined
      ? { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
      : { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: trouble },
  ]
}

function pressure(
  type: string,
  present: boolean,
  [badReason, goodReason]: readonly [string, string],
  [badMessage, goodMessage]: readonly [string, string],
): Verdict {
  return present
    ? { type, status: 'True', reason: badReason, message: badMessage }
    : { type, status: 'False', reason: goodReason, message: goodMessage }
}

/** @param before the conditions the node has, whose times hold on where nothing changed */
export function nodeConditions(
  before: readonly NodeCondition[],
  usage: Usage,
  trouble: RuntimeTrouble,
  nowMs: number,
): NodeCondition[] {
  const now = timeOf(nowMs)
  const ours = verdicts(usage, trouble).map((verdict): NodeCondition => {
    const old = before.find(({ type }) => type === verdict.type)
    const since = old?.status === verdict.status ? old.lastTransitionTime : undefined
    return { ...verdict, lastHeartbeatTime: now, lastTransitionTime: since ?? now }
  })
  return [...before.filter(({ type }) => ours.every(condition => condition.type !== type)), ...ours]
}

/** Whether they say something else, times aside. */
export function conditionsDiffer(a: readonly NodeCondition[], b: readonly NodeCondition[]): boolean {
  const say = (conditions: readonly NodeCondition[]): string =>
    JSON.stringify(conditions.map(({ type, status, reason, message }) => [type, status, reason, message]).sort())
  return say(a) !== say(b)
}
