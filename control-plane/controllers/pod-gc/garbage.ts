// Which pods nobody will ever end: those of nodes that are gone, those that wait to be ended and run
// nowhere, and those that ended long ago when there are too many. Pure.
import type { Pod } from '../../../api/kinds/core-v1/pod.ts'
import type { Stored } from '../../../api/kinds/kind.ts'

/** A node may be missing this long, to be made anew, before its pods are given up. */
const quarantineMs = 40_000

export interface Garbage {
  readonly pod: Stored<Pod>
  readonly why: 'node is gone' | 'never scheduled' | 'ended'
}

export interface Present {
  readonly pods: Iterable<Stored<Pod>>
  readonly hasNode: (name: string) => boolean
  /** Since when each missing node has been known to be missing. */
  readonly missingSinceMs: ReadonlyMap<string, number>
  /** Pods that have ended, beyond which the oldest are deleted. */
  readonly endedKept: number
}

export function garbage({ pods, hasNode, missingSinceMs, endedKept }: Present, nowMs: number): Garbage[] {
  const found: Garbage[] = []
  const ended: Stored<Pod>[] = []
  for (const pod of pods) {
    const node = pod.spec.nodeName ?? ''
    const missing = node !== '' && !hasNode(node) ? (missingSinceMs.get(node) ?? nowMs) : undefined
    if (missing !== undefined && nowMs - missing >= quarantineMs) found.push({ pod, why: 'node is gone' })
    else if (node === '' && pod.metadata.deletionTimestamp !== undefined) found.push({ pod, why: 'never scheduled' })
    else if (hasEnded(pod) && pod.metadata.deletionTimestamp === undefined) ended.push(pod)
  }
  ended.sort((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1))
  const excess = ended.slice(0, Math.max(0, ended.length - endedKept))
  return [...found, ...excess.map((pod): Garbage => ({ pod, why: 'ended' }))]
}

export const hasEnded = ({ status: { phase } }: Pod): boolean => phase === 'Succeeded' || phase === 'Failed'
