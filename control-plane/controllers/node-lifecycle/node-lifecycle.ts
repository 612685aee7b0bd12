// Watches over nodes: who falls silent is marked so, tainted, and its pods are no longer ready; who comes
// back is cleared.
import type { Lease } from '../../../api/kinds/coordination-v1/lease.ts'
import { type Node, nodes } from '../../../api/kinds/core-v1/node.ts'
import { type Pod, pods } from '../../../api/kinds/core-v1/pod.ts'
import type { Stored } from '../../../api/kinds/kind.ts'
import { timeOf } from '../../../api/values/time.ts'
import { type Again, WorkQueue } from '../../../client/work-queue.ts'
import type { AgentConnections } from '../agent-connections.ts'
import type { ControllerContext } from '../context.ts'
import { isReady, readyCondition, silentConditions, silentFromMs } from './health.ts'
import { desiredTaints, sameTaints } from './taints.ts'

/** The agent's Lease has the name of its node. */
export const leaseNamespace = 'kube-node-lease'

interface Heartbeat {
  readonly sign: string
  readonly atMs: number
}

export class NodeLifecycle {
  readonly #context: ControllerContext
  readonly #connections: AgentConnections
  readonly #queue: WorkQueue
  /** What each node's signs of life were, and when they last changed. */
  readonly #heartbeats = new Map<string, Heartbeat>()

  constructor(context: ControllerContext, connections: AgentConnections) {
    this.#context = context
    this.#connections = connections
    this.#queue = new WorkQueue(
      {
        reconcile: name => this.#reconcile(name),
        onError: (name, err) => context.logger.warn({ err, node: name }, 'could not judge a node'),
        clock: context.clock,
      },
      context.signal,
    )
  }

  start(): void {
    const { nodes: nodeInformer, leases, signal } = this.#context
    nodeInformer.subscribe({
      added: node => this.#changed(node),
      updated: (node, old) => this.#changed(node, old),
      deleted: node => {
        this.#heartbeats.delete(node.metadata.name)
        this.#addAll()
      },
    })
    const leaseChanged = ({ metadata }: Stored<Lease>): void => this.#queue.add(metadata.name)
    leases.subscribe({ added: leaseChanged, updated: leaseChanged })
    const unsubscribe = this.#connections.subscribe(node => this.#queue.add(node))
    signal.addEventListener('abort', unsubscribe, { once: true })
  }

  #changed(node: Stored<Node>, old?: Stored<Node>): void {
    this.#queue.add(node.metadata.name)
    // What is done about one depends on whether there are others that are well.
    if (!old || isReady(node) !== isReady(old)) this.#addAll()
  }

  #addAll(): void {
    for (const { metadata } of this.#context.nodes.list()) this.#queue.add(metadata.name)
  }

  async #reconcile(name: string): Promise<Again | undefined> {
    const { nodes: nodeInformer, clock } = this.#context
    const node = nodeInformer.get(name)
    if (!node) return undefined
    const nowMs = clock.now()
    const silentMs = silentFromMs(node, {
      lastMs: this.#lastSignMs(node, nowMs),
      lostAtMs: this.#connections.lostAtMs(name),
    })
    if (silentMs <= nowMs && (await this.#markSilent(node, nowMs))) return undefined
    const taints = desiredTaints(node, this.#anyReady(), nowMs)
    if (!sameTaints(taints, node.spec.taints ?? [])) await this.#taint(node, taints)
    return silentMs > nowMs ? { afterMs: silentMs - nowMs } : undefined
  }

  /** By our own clock, since when we have seen nothing new of a node. */
  #lastSignMs(node: Stored<Node>, nowMs: number): number {
    const { name } = node.metadata
    const renewed = this.#context.leases.get(`${leaseNamespace}/${name}`)?.spec.renewTime ?? ''
    const sign = `${renewed} ${readyCondition(node)?.lastHeartbeatTime ?? ''}`
    const known = this.#heartbeats.get(name)
    if (known?.sign === sign) return known.atMs
    this.#heartbeats.set(name, { sign, atMs: nowMs })
    return nowMs
  }

  /** When no node is well, it is more likely us who are cut off: then nobody's pods are driven away. */
  #anyReady(): boolean {
    for (const node of this.#context.nodes.list()) if (isReady(node)) return true
    return false
  }

  /** @returns whether there was something to say; the taints follow when it comes back from the watch */
  async #markSilent(node: Stored<Node>, nowMs: number): Promise<boolean> {
    const conditions = silentConditions(node, nowMs)
    if (!conditions) return false
    const { client, events, logger, signal } = this.#context
    const { name } = node.metadata
    logger.warn({ node: name }, 'node is silent: marked as not ready')
    await client.updateStatus(nodes, { ...node, status: { ...node.status, conditions } }, { signal })
    if (isReady(node)) {
      events.record(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`)
      await this.#markPods(name, nowMs)
    }
    return true
  }

  /** Nobody knows how the pods of a silent node are: they get no more traffic. */
  async #markPods(node: string, nowMs: number): Promise<void> {
    const { client, events, logger, pods: podInformer, signal } = this.#context
    const ready = [...podInformer.by('node', node)].filter(pod => readiness(pod) === 'True')
    if (ready.length === 0) return
    const outcomes = await client.updateStatuses(
      pods,
      ready.map(pod => withoutReadiness(pod, nowMs)),
      { signal },
    )
    for (const [index, pod] of ready.entries()) {
      const outcome = outcomes[index]
      if (outcome?.ok) events.record(pod, 'Warning', 'NodeNotReady', 'Node is not ready')
      else logger.info({ pod: pod.metadata.name, status: outcome?.status }, 'could not mark a pod as not ready')
    }
  }

  async #taint(node: Stored<Node>, taints: Node['spec']['taints']): Promise<void> {
    const { client, signal } = this.#context
    const { name, resourceVersion } = node.metadata
    const body = { metadata: { resourceVersion }, spec: { taints } }
    await client.patch(nodes, { name }, { type: 'application/merge-patch+json', body }, { signal })
  }
}

const readiness = (pod: Pod) => pod.status.conditions?.find(({ type }) => type === 'Ready')?.status

function withoutReadiness(pod: Stored<Pod>, nowMs: number): Stored<Pod> {
  const conditions = (pod.status.conditions ?? []).map(condition =>
    condition.type === 'Ready'
      ? { ...condition, status: 'False' as const, lastTransitionTime: timeOf(nowMs) }
      : condition,
  )
  return { ...pod, status: { ...pod.status, conditions } }
}
