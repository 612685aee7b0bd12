// This machine as a Node of the cluster: registered, kept current, and its lease renewed.
import { isDeepStrictEqual } from 'node:util'
import { isStatus } from '../../api/errors.ts'
import { type Node, nodes } from '../../api/kinds/core-v1/node.ts'
import { type ContainerImage, type NodeStatus } from '../../api/kinds/core-v1/node-status.ts'
import type { Stored } from '../../api/kinds/kind.ts'
import type { Client } from '../../client/client.ts'
import { Informer } from '../../client/informer.ts'
import { sleep } from '../../lib/abort.ts'
import { Backoff } from '../../lib/backoff.ts'
import type { Logger } from '../../lib/logger.ts'
import { conditionsDiffer, type RuntimeTrouble } from './conditions.ts'
import { NodeLease, renewEveryMs } from './lease.ts'
import { readUsage } from './machine.ts'
import { type NodeFacts, newNode, nodeLabels, nodeStatus } from './node-object.ts'

/** The status is written at least this often, whether or not it says something new. */
const statusEveryMs = 300_000
/** How long whoever asks for the Node waits for the API. */
const fetchMs = 5_000
const retry = { initialMs: 200, maxMs: 10_000, jitter: 0.2 }

/** Another machine goes by this name; the agent must not go on. */
export class NodeNameTakenError extends Error {
  override readonly name = 'NodeNameTakenError'
}

export interface RegistrationOptions {
  readonly client: Client
  readonly facts: () => NodeFacts
  /** A path on the file system that holds the pods' data. */
  readonly root: string
  /** Why no containers can be run, asked anew. */
  readonly trouble: () => Promise<RuntimeTrouble>
  readonly images: () => Promise<readonly ContainerImage[]>
  /** Somebody assigned the node its pod CIDR. */
  readonly onPodCidr: (podCidr: string) => void
  readonly log: Logger
}

export class Registration {
  readonly #options: RegistrationOptions
  readonly #lease: NodeLease
  #node: Stored<Node> | undefined
  #writtenAtMs = 0
  /** The status written last. */
  #sent: NodeStatus | undefined
  #wake: () => void = () => {}
  /** Resolves when the API has shown the Node. */
  readonly known: Promise<void>
  #resolveKnown: () => void = () => {}

  constructor(options: RegistrationOptions) {
    this.#options = options
    this.known = new Promise(resolve => {
      this.#resolveKnown = resolve
    })
    this.#lease = new NodeLease(options.client, options.facts().name)
  }

  /** The Node's uid, once it is registered. */
  get uid(): string | undefined {
    return this.#node?.metadata.uid
  }

  /** As the API showed it last; before that, as this machine registers itself. */
  current(): Node {
    return this.#node ?? newNode(this.#options.facts())
  }

  /** As it is at the API now. */
  async fetch(): Promise<Node> {
    const { client, facts } = this.#options
    const node = await client.get(nodes, { name: facts().name }, { signal: AbortSignal.timeout(fetchMs) })
    this.#seen(node)
    return node
  }

  /** Something about the node changed: its status is looked at now. */
  wake(): void {
    this.#wake()
  }

  /**
   * Registers and keeps the Node until the signal aborts.
   * @throws NodeNameTakenError
   */
  async run(signal: AbortSignal): Promise<void> {
    const { client, facts, log } = this.#options
    const { name } = facts()
    const backoff = new Backoff(retry)
    const stop = new AbortController()
    const until = AbortSignal.any([signal, stop.signal])
    const informer = new Informer<Node>(client, nodes, { fieldSelector: `metadata.name=${name}` })
    informer.subscribe({
      added: node => this.#seen(node),
      updated: node => this.#seen(node),
      deleted: () => {
        log.warn({ node: name }, 'the Node was deleted; registering again')
        this.#node = undefined
        this.wake()
      },
    })
    let watching: Promise<void> | undefined
    try {
      const stopped = (): boolean => signal.aborted
      while (!stopped()) {
        let waitMs = renewEveryMs
        try {
          if (this.#node === undefined) await this.#register(until)
          watching ??= informer.run(until)
          await Promise.all([this.#lease.renew(this.uid, Date.now(), until), this.#writeStatus(until)])
          backoff.reset(name)
        } catch (error) {
          if (stopped()) return
          if (error instanceof NodeNameTakenError) throw error
          waitMs = Math.min(renewEveryMs, backoff.next(name))
          log.warn({ err: error, retryMs: Math.round(waitMs) }, 'the node could not be reported; trying again')
        }
        await this.#pause(waitMs, until)
      }
    } finally {
      stop.abort()
      await watching
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    await sleep(ms, AbortSignal.any([signal, woken.signal]))
    this.#wake = () => {}
  }

  #seen(node: Stored<Node>): void {
    if (!this.#node || Number(node.metadata.resourceVersion) >= Number(this.#node.metadata.resourceVersion)) {
      this.#node = node
    }
    this.#resolveKnown()
    if (node.spec.podCIDR !== undefined && node.spec.podCIDR !== '') this.#options.onPodCidr(node.spec.podCIDR)
  }

  async #register(signal: AbortSignal): Promise<void> {
    const { client, facts, log } = this.#options
    const wanted = facts()
    try {
      this.#seen(await client.create(nodes, newNode(wanted), { signal }))
      log.info({ node: wanted.name }, 'node registered')
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error
      const present = await client.get(nodes, { name: wanted.name }, { signal })
      await this.#mustBeOurs(present, wanted, signal)
      this.#seen(await this.#relabel(present, wanted, signal))
    }
    this.#writtenAtMs = 0
  }

  /** A name whose machine is another one, and alive, is taken. */
  async #mustBeOurs(present: Stored<Node>, { name, machine }: NodeFacts, signal: AbortSignal): Promise<void> {
    const { machineID } = present.status.nodeInfo
    if (machineID === '' || machineID === machine.machineId) return
    const ageMs = await this.#lease.heldSinceMs(Date.now(), signal)
    if (ageMs === undefined) return
    throw new NodeNameTakenError(
      `node "${name}" is another machine (machine-id ${machineID}, this one has ${machine.machineId}), ` +
        `last heard of ${Math.round(ageMs / 1000)} s ago; start this agent with another --node-name`,
    )
  }

  async #relabel(present: Stored<Node>, wanted: NodeFacts, signal: AbortSignal): Promise<Stored<Node>> {
    const labels = nodeLabels(wanted)
    const missing = Object.entries(labels).filter(([key, value]) => present.metadata.labels?.[key] !== value)
    const { podCidr } = wanted
    const cidr =
      podCidr !== undefined && present.spec.podCIDR === undefined ? { podCIDR: podCidr, podCIDRs: [podCidr] } : {}
    if (missing.length === 0 && Object.keys(cidr).length === 0) return present
    const body = { metadata: { labels: Object.fromEntries(missing) }, spec: cidr }
    const patch = { type: 'application/merge-patch+json', body } as const
    return this.#options.client.patch(nodes, { name: wanted.name }, patch, { signal })
  }

  /** Writes the status when it says something new, or when it has not been written for long. */
  async #writeStatus(signal: AbortSignal): Promise<void> {
    const { client, facts, root, trouble, images } = this.#options
    const node = this.#node
    if (node === undefined) return
    const nowMs = Date.now()
    const status = nodeStatus(facts(), node.status, readUsage(root), await trouble(), await images(), nowMs)
    const due = nowMs - this.#writtenAtMs >= statusEveryMs
    if (!due && this.#sent && saysTheSame(node.status, this.#sent, status)) return
    try {
      this.#seen(await client.updateStatus(nodes, { ...node, status }, { signal }))
      this.#writtenAtMs = nowMs
      this.#sent = status
    } catch (error) {
      if (isStatus(error, 'NotFound')) this.#node = undefined
      if (isStatus(error, 'Conflict')) this.#seen(await client.get(nodes, { name: node.metadata.name }, { signal }))
      throw error
    }
  }
}

/**
 * Heartbeats aside. Conditions are the API's to compare with: others write some of them, too. The rest is compared with
 * what was sent, since the server may have it in another form.
 */
function saysTheSame(present: NodeStatus, sent: NodeStatus, next: NodeStatus): boolean {
  const rest = ({ conditions: _, ...others }: NodeStatus): Partial<NodeStatus> => others
  return isDeepStrictEqual(rest(sent), rest(next)) && !conditionsDiffer(present.conditions ?? [], next.conditions ?? [])
}
