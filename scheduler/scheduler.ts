// Watches pods and nodes, places what needs a node, and binds it. Placing is synchronous over the cache; everything that
// waits for the API happens beside it.
import { type Node, nodes } from '../api/kinds/core-v1/node.ts'
import { type Pod, pods } from '../api/kinds/core-v1/pod.ts'
import type { Stored } from '../api/kinds/kind.ts'
import type { Client } from '../client/client.ts'
import { EventWriter } from '../client/events.ts'
import { Informer } from '../client/informer.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { Binder, type Bound, type Placed } from './bind/binder.ts'
import { ClusterCache } from './cache/cache.ts'
import { DecisionRing, type RefusedNodes } from './explain/decisions.ts'
import { refusedNodes, unschedulableMessage } from './explain/message.ts'
import { Reporter } from './explain/report.ts'
import { Framework } from './framework/framework.ts'
import type { ClusterEvent, Plugins, Refusal } from './framework/plugin.ts'
import type { PodInfo } from './framework/pod-info.ts'
import type { Snapshot } from './framework/snapshot.ts'
import { defaultPlugins } from './plugins/index.ts'
import { SchedulingQueue } from './queue/queue.ts'

export interface SchedulerOptions {
  readonly client: Client
  readonly logger: Logger
  /** Pods with this spec.schedulerName are ours; default default-scheduler. */
  readonly name?: string
  readonly plugins?: Plugins
  readonly clock?: Clock
  /** Breaks ties: 0 ≤ x < 1. */
  readonly random?: () => number
}

/** Placing pods holds up everything else for at most about this long, then lets the event loop turn. */
const longestTurnMs = 10

export class Scheduler {
  readonly decisions = new DecisionRing()
  readonly #name: string
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #framework: Framework
  readonly #cache: ClusterCache
  readonly #queue: SchedulingQueue
  readonly #binder: Binder
  readonly #reporter: Reporter
  readonly #pods: Informer<Pod>
  readonly #nodes: Informer<Node>
  #explained: Explanation | undefined
  #turnIsDue = false
  #ready = false

  constructor(options: SchedulerOptions, signal: AbortSignal) {
    const { client, logger, name = 'default-scheduler', plugins = defaultPlugins, clock = systemClock } = options
    this.#name = name
    this.#logger = logger
    this.#clock = clock
    this.#signal = signal
    this.#framework = new Framework(plugins, options.random ?? Math.random)
    this.#cache = new ClusterCache(clock)
    this.#queue = new SchedulingQueue(plugins.queueSort, clock, () => this.#wake())
    this.#binder = new Binder({ client, signal, settled: (placed, outcome) => this.#settled(placed, outcome) })
    const onError = (error: unknown): void => logger.warn({ err: error }, 'the API refused a watch or a status')
    const events = new EventWriter(
      client,
      { component: name, clock, onDropped: (event, err) => logger.warn({ event, err }, 'dropped an event') },
      signal,
    )
    this.#reporter = new Reporter({ client, events, clock, signal, onError })
    // Pods that have ended use nothing: to this informer they are gone.
    const fieldSelector = 'status.phase!=Succeeded,status.phase!=Failed'
    this.#pods = new Informer(client, pods, { fieldSelector, onError })
    this.#nodes = new Informer(client, nodes, { onError })
    this.#nodes.subscribe({
      added: node => this.#happened(this.#cache.setNode(node)),
      updated: (node, old) => this.#happened(this.#cache.setNode(node, old)),
      deleted: node => this.#cache.removeNode(node.metadata.name),
    })
    this.#pods.subscribe({
      added: pod => this.#podChanged(pod),
      updated: (pod, old) => this.#podChanged(pod, old),
      deleted: pod => this.#podGone(pod),
    })
  }

  /** Schedules until the signal aborts. */
  async run(): Promise<void> {
    const running = Promise.all([this.#pods.run(this.#signal), this.#nodes.run(this.#signal)])
    // Before both are known, pods would be placed on a cluster half seen.
    void Promise.all([this.#pods.synced, this.#nodes.synced]).then(() => {
      this.#logger.info({ nodes: this.#nodes.size, pods: this.#pods.size, waiting: this.#queue.active }, 'scheduling')
      this.#ready = true
      this.#wake()
    })
    await running
    this.#queue.stop()
  }

  #podChanged(pod: Stored<Pod>, old?: Stored<Pod>): void {
    const { uid } = pod.metadata
    if (pod.spec.nodeName) {
      this.#queue.delete(uid)
      this.#cache.setPod(pod)
      return
    }
    if ((pod.spec.schedulerName ?? 'default-scheduler') !== this.#name) return
    const gated = (pod.spec.schedulingGates ?? []).length > 0
    if (pod.metadata.deletionTimestamp !== undefined || gated) {
      this.#queue.delete(uid)
      return
    }
    const info = this.#cache.info(pod)
    // Placed already: this is what it looked like before its binding.
    if (this.#cache.has(uid)) {
      this.#queue.refresh(info)
      return
    }
    const changed = !old || !this.#queue.has(uid) || differs(info, this.#cache.info(old))
    if (changed) this.#queue.add(info)
    else this.#queue.refresh(info)
  }

  #podGone(pod: Stored<Pod>): void {
    this.#queue.delete(pod.metadata.uid)
    if (this.#cache.removePod(pod.metadata.uid)) this.#happened(['assigned-pod-gone'])
  }

  #happened(events: readonly ClusterEvent[]): void {
    for (const event of events) this.#queue.happened(event)
  }

  /** After what the current batch of events has to say, and before the loop waits: nobody is kept waiting by a timer. */
  #wake(): void {
    if (this.#turnIsDue || !this.#ready || this.#signal.aborted) return
    this.#turnIsDue = true
    setImmediate(() => {
      this.#turnIsDue = false
      this.#turn()
    })
  }

  /** Places what waits, as far as time and the binder's room go. */
  #turn(): void {
    const endMs = performance.now() + longestTurnMs
    const placed: Placed[] = []
    for (let room = this.#binder.room; room > 0 && performance.now() < endMs; room--) {
      const info = this.#queue.pop()
      if (!info) break
      const node = this.#place(info)
      if (node !== undefined) placed.push({ info, node })
    }
    if (placed.length > 0) this.#commit(placed)
    // Without room, the next settled binding wakes us.
    if (this.#queue.active > 0 && this.#binder.room > 0) this.#wake()
  }

  /** Chooses a node and counts the pod against it; or says why there is none. */
  #place(info: PodInfo): string | undefined {
    const { snapshot } = this.#cache
    const placement = this.#framework.place(info, snapshot)
    const { node, evaluated } = placement
    const decision = { pod: info.key, uid: info.uid, atMs: this.#clock.now(), evaluated }
    if (node === undefined) {
      const { refused, wokenBy, message } = this.#explain(info, snapshot, placement.refusals)
      this.decisions.record({ ...decision, node, candidates: [], refused })
      this.#queue.refused(info.uid, wokenBy)
      this.#reporter.unschedulable(info, message)
      return undefined
    }
    this.decisions.record({ ...decision, node, candidates: placement.candidates, refused: [] })
    try {
      this.#framework.reserve(info, node)
    } catch (error) {
      this.#queue.putOff(info.uid)
      this.#reporter.failed(info, error instanceof Error ? error.message : String(error))
      return undefined
    }
    this.#cache.assume(info, node)
    return node
  }

  /** Binds what has no permit to wait for at once, the rest as each is permitted. */
  #commit(placed: readonly Placed[]): void {
    if (this.#framework.plugins.permit.length === 0) {
      this.#binder.bind(placed)
      return
    }
    for (const one of placed) {
      void this.#framework
        .permit(one.info, one.node, this.#signal)
        .catch((error: unknown) => `a plugin failed: ${String(error)}`)
        .then(denial => {
          if (denial === undefined) this.#binder.bind([one])
          else this.#giveBack(one, denial)
        })
    }
  }

  #settled(placed: Placed, outcome: Bound): void {
    const { info, node } = placed
    switch (outcome.is) {
      case 'bound':
        this.#queue.delete(info.uid)
        this.#cache.confirm(outcome.pod)
        this.#reporter.scheduled(info, node)
        break
      case 'refused':
        this.#logger.warn({ pod: info.key, node, err: outcome.error }, 'the binding was refused')
        this.#giveBack(placed, outcome.error.message)
        break
      case 'unknown':
        if (this.#signal.aborted) break
        this.#logger.warn({ pod: info.key, node, err: outcome.error }, 'no answer to a binding')
        this.#cache.doubt(info.uid, () => this.#giveBack(placed, 'the API did not answer'))
        break
    }
    if (this.#queue.active > 0) this.#wake()
  }

  /** What was reserved and assumed is free again; the pod is tried once more, if it still waits. */
  #giveBack({ info, node }: Placed, why: string): void {
    this.#framework.unreserve(info, node)
    this.#cache.forget(info.uid)
    this.#happened(['assigned-pod-gone'])
    if (!this.#queue.has(info.uid)) return
    this.#queue.putOff(info.uid)
    this.#reporter.failed(info, `binding to ${node} failed: ${why}`)
  }

  /** Pods of one shape, one after the other, are refused for the same reasons. */
  #explain(info: PodInfo, snapshot: Snapshot, refusals: readonly (Refusal | undefined)[]): Explanation {
    const key = JSON.stringify([
      snapshot.version,
      snapshot.layout,
      info.shape,
      info.priority,
      info.pod.spec.preemptionPolicy,
      info.pod.spec.resourceClaims,
    ])
    if (this.#explained?.key === key) return this.#explained
    const refusing = new Set(refusals.map(refusal => refusal?.plugin))
    const plugins = this.#framework.plugins.filter.filter(({ name }) => refusing.has(name))
    this.#explained = {
      key,
      message: unschedulableMessage(refusals, this.#framework.postFilter(info, snapshot, refusals)),
      refused: refusedNodes(snapshot, refusals),
      wokenBy: new Set<ClusterEvent>(['node-added', ...plugins.flatMap(({ wokenBy }) => wokenBy)]),
    }
    return this.#explained
  }
}

interface Explanation {
  readonly key: string
  readonly message: string
  readonly refused: readonly RefusedNodes[]
  readonly wokenBy: ReadonlySet<ClusterEvent>
}

const differs = (a: PodInfo, b: PodInfo): boolean => a.shape !== b.shape || a.priority !== b.priority
