// Which pods count against which nodes: those the API says are there, and those this scheduler has just placed and the
// API doesn't show yet (assumed).
import type { Node } from '../../api/kinds/core-v1/node.ts'
import type { Pod } from '../../api/kinds/core-v1/pod.ts'
import type { Stored } from '../../api/kinds/kind.ts'
import type { Clock } from '../../lib/clock.ts'
import { NodeTable } from '../framework/node-table.ts'
import type { ClusterEvent } from '../framework/plugin.ts'
import { type PodInfo, podInfo } from '../framework/pod-info.ts'
import { ResourceNames } from '../framework/resources.ts'
import type { Snapshot } from '../framework/snapshot.ts'

/** How long a binding without an answer is believed in before the API's silence counts. */
const assumedMs = 5_000

interface Counted {
  readonly info: PodInfo
  readonly node: string
  /** Set while the API has not shown the pod on its node. */
  readonly assumed?: { cancelExpiry(): void }
}

export class ClusterCache {
  readonly #clock: Clock
  readonly #names = new ResourceNames()
  readonly #table = new NodeTable(this.#names)
  readonly #pods = new Map<string, Counted>()
  /** Pods by their node's name, for nodes that come later than their pods. */
  readonly #byNode = new Map<string, Map<string, PodInfo>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What plugins see. It lives: nothing may change it while a pod is being placed. */
  get snapshot(): Snapshot {
    return this.#table
  }

  info(pod: Stored<Pod>): PodInfo {
    return podInfo(pod, this.#names)
  }

  /** Answers what about the node could let a refused pod fit. */
  setNode(node: Stored<Node>, old?: Stored<Node>): ClusterEvent[] {
    const { name } = node.metadata
    this.#table.setNode(node)
    for (const info of this.#byNode.get(name)?.values() ?? []) this.#table.addPod(name, info)
    return old ? changes(node, old) : ['node-added']
  }

  /** Its pods stay known, should the node come back. */
  removeNode(name: string): void {
    for (const info of this.#byNode.get(name)?.values() ?? []) this.#table.removePod(name, info)
    this.#table.removeNode(name)
  }

  hasNode(name: string): boolean {
    return this.#table.rowOf(name) !== undefined
  }

  /** Whether the pod is on a node, as far as we know; once it is, it never is without one again. */
  has(uid: string): boolean {
    return this.#pods.has(uid)
  }

  /** The API accepted the binding. A pod that is gone meanwhile stays gone. */
  confirm(pod: Stored<Pod>): void {
    if (this.#pods.has(pod.metadata.uid)) this.setPod(pod)
  }

  /** A pod that the API shows on a node. */
  setPod(pod: Stored<Pod>): void {
    const node = pod.spec.nodeName ?? ''
    const known = this.#pods.get(pod.metadata.uid)
    const { generation } = pod.metadata
    const sameSpec = generation !== undefined && known?.info.pod.metadata.generation === generation
    // Only its node and what it asks for matter; most changes are of status.
    if (sameSpec && !known.assumed && known.node === node) return
    this.removePod(pod.metadata.uid)
    this.#count({ info: this.info(pod), node })
  }

  /** Answers whether it counted. */
  removePod(uid: string): boolean {
    const known = this.#pods.get(uid)
    if (!known) return false
    known.assumed?.cancelExpiry()
    this.#pods.delete(uid)
    this.#table.removePod(known.node, known.info)
    const there = this.#byNode.get(known.node)
    there?.delete(uid)
    if (there?.size === 0) this.#byNode.delete(known.node)
    return true
  }

  /** Counts a pod where it is about to be bound. */
  assume(info: PodInfo, node: string): void {
    this.#count({ info, node, assumed: { cancelExpiry: () => {} } })
  }

  /** The binding failed: the pod doesn't count any more, unless the API has shown it there meanwhile. */
  forget(uid: string): void {
    if (this.#pods.get(uid)?.assumed) this.removePod(uid)
  }

  /**
   * Nothing is known of the binding. It counts for a while yet; if the API has not shown it by then, it is forgotten.
   * @param expired called when it is
   */
  doubt(uid: string, expired: () => void): void {
    const known = this.#pods.get(uid)
    if (!known?.assumed) return
    const cancelExpiry = this.#clock.after(assumedMs, () => {
      this.forget(uid)
      expired()
    })
    this.#pods.set(uid, { ...known, assumed: { cancelExpiry } })
  }

  #count(counted: Counted): void {
    const { info, node } = counted
    this.#pods.set(info.uid, counted)
    const there = this.#byNode.get(node) ?? new Map<string, PodInfo>()
    there.set(info.uid, info)
    this.#byNode.set(node, there)
    this.#table.addPod(node, info)
  }
}

function changes(node: Stored<Node>, old: Stored<Node>): ClusterEvent[] {
  const events: ClusterEvent[] = []
  const differ = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b)
  if (differ(node.status.allocatable, old.status.allocatable)) events.push('node-allocatable-changed')
  if (differ(node.metadata.labels, old.metadata.labels)) events.push('node-labels-changed')
  if (differ(node.spec.taints, old.spec.taints)) events.push('node-taints-changed')
  if (node.spec.unschedulable !== old.spec.unschedulable) events.push('node-unschedulable-changed')
  return events
}
