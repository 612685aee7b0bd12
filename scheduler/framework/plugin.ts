// The stages of placing a pod, as KEP-624 names them. Filter and score plugins are pure: they read a pod and a snapshot
// and never write. What depends on the pod alone they work out once, in `prepare`; the function they answer is then
// asked for each node.
import type { PodInfo } from './pod-info.ts'
import type { Snapshot } from './snapshot.ts'

/** What happened in the cluster that can make a refused pod fit. */
export type ClusterEvent =
  | 'node-added'
  | 'node-allocatable-changed'
  | 'node-labels-changed'
  | 'node-taints-changed'
  | 'node-unschedulable-changed'
  | 'assigned-pod-gone'

export interface Refusal {
  readonly plugin: string
  /** In Kubernetes' words, for one node: `Insufficient cpu`. */
  readonly reasons: readonly string[]
  /** Whether evicting pods from the node could help (Unschedulable), or not (UnschedulableAndUnresolvable). */
  readonly resolvable: boolean
}

/** Whether a node may take the pod: why not, or undefined. Refusals are shared objects, not made for each call. */
export type NodeFilter = (row: number) => Refusal | undefined

export interface FilterPlugin {
  readonly name: string
  /** What may let a pod pass that this plugin refused. */
  readonly wokenBy: readonly ClusterEvent[]
  /** Undefined: every node will do for this pod. */
  prepare(pod: PodInfo, snapshot: Snapshot): NodeFilter | undefined
}

export interface NodeScorer {
  /**
   * How scores of nodes become 0 to 100: as they are; the highest becomes 100; or (what counts against a node) the
   * highest becomes 0.
   */
  readonly scale: 'none' | 'highest' | 'lowest'
  score(row: number): number
}

export interface ScorePlugin {
  readonly name: string
  readonly weight: number
  /** Undefined: all nodes are the same to it. */
  prepare(pod: PodInfo, snapshot: Snapshot): NodeScorer | undefined
}

/** Called when no node will do; answers what it tried, for the message (preemption goes here); empty: nothing. */
export interface PostFilterPlugin {
  readonly name: string
  postFilter(pod: PodInfo, snapshot: Snapshot, refusals: readonly (Refusal | undefined)[]): string
}

/** Keeps something for a pod on its chosen node until it is bound. */
interface ReservePlugin {
  readonly name: string
  /** @throws when it can't; what was reserved before is given back */
  reserve(pod: PodInfo, node: string): void
  /** Must do no harm when nothing was reserved. */
  unreserve(pod: PodInfo, node: string): void
}

/** Has the last word before a pod is bound, and may take its time. */
interface PermitPlugin {
  readonly name: string
  /** Why not, or undefined. */
  permit(pod: PodInfo, node: string, signal: AbortSignal): Promise<string | undefined>
}

/** Which of two waiting pods comes first: negative when a does. */
export type QueueSort = (a: PodInfo, b: PodInfo) => number

export interface Plugins {
  readonly queueSort: QueueSort
  /** In the order nodes are asked; the first refusal counts. */
  readonly filter: readonly FilterPlugin[]
  readonly postFilter: readonly PostFilterPlugin[]
  readonly score: readonly ScorePlugin[]
  readonly reserve: readonly ReservePlugin[]
  readonly permit: readonly PermitPlugin[]
}
