// The taints that a node's conditions call for. Pure; keys and effects are Kubernetes'
// (https://kubernetes.io/docs/reference/labels-annotations-taints/#node-kubernetes-io-not-ready).

import type { Taint } from '../../../api/kinds/core-v1/affinity.ts'
import type { Node } from '../../../api/kinds/core-v1/node.ts'
import { timeOf } from '../../../api/values/time.ts'
import { readyCondition } from './health.ts'

const prefix = 'node.kubernetes.io/'
const notReady = `${prefix}not-ready`
const unreachable = `${prefix}unreachable`

/** Conditions that keep new pods off while they hold, and the taint they make. */
const pressures: Readonly<Record<string, string>> = {
  MemoryPressure: `${prefix}memory-pressure`,
  DiskPressure: `${prefix}disk-pressure`,
  PIDPressure: `${prefix}pid-pressure`,
  NetworkUnavailable: `${prefix}network-unavailable`,
}
const unschedulable = `${prefix}unschedulable`

const keptOff = new Set([notReady, unreachable, ...Object.values(pressures), unschedulable])
const drivenOff = new Set([notReady, unreachable])

/** What a node's taints should be. @param evicts whether running pods are to be driven off nodes in trouble */
export function desiredTaints(node: Node, evicts: boolean, nowMs: number): Taint[] {
  const present = node.spec.taints ?? []
  const others = present.filter(({ key, effect }) => {
    if (effect === 'NoSchedule') return !keptOff.has(key)
    return effect !== 'NoExecute' || !drivenOff.has(key)
  })
  const readiness = readyCondition(node)?.status
  const trouble = readiness === 'False' ? notReady : readiness === 'Unknown' ? unreachable : undefined
  const holding = (node.status.conditions ?? []).flatMap(({ type, status }) =>
    status === 'True' && pressures[type] !== undefined ? [pressures[type]] : [],
  )
  const keepOff = [...(trouble ? [trouble] : []), ...holding, ...(node.spec.unschedulable ? [unschedulable] : [])]
  const driveOff = evicts && trouble ? [trouble] : []
  return [
    ...others,
    ...keepOff.map((key): Taint => ({ key, effect: 'NoSchedule' })),
    ...driveOff.map((key): Taint => {
      const same = present.find(taint => taint.key === key && taint.effect === 'NoExecute')
      return same ?? { key, effect: 'NoExecute', timeAdded: timeOf(nowMs) }
    }),
  ]
}

/** Whether two lists hold the same taints, in whatever order. */
export function sameTaints(a: readonly Taint[], b: readonly Taint[]): boolean {
  const text = ({ key, value = '', effect, timeAdded = '' }: Taint): string =>
    JSON.stringify([key, value, effect, timeAdded])
  return a.map(text).sort().join() === b.map(text).sort().join()
}
