// The node's Lease: the sign of life that everybody watches, cheaper than the Node itself.
// https://kubernetes.io/docs/concepts/architecture/leases/#node-heart-beats
import { isStatus } from '../../api/errors.ts'
import { type Lease, leases } from '../../api/kinds/coordination-v1/lease.ts'
import type { Stored } from '../../api/kinds/kind.ts'
import { microTimeOf, millisecondsOf } from '../../api/values/time.ts'
import type { Client } from '../../client/client.ts'

const leaseNamespace = 'kube-node-lease'
const leaseSeconds = 40
export const renewEveryMs = 10_000

export class NodeLease {
  readonly #client: Client
  readonly #node: string
  #lease: Stored<Lease> | undefined

  constructor(client: Client, node: string) {
    this.#client = client
    this.#node = node
  }

  /** Milliseconds since a lease that still holds was renewed; undefined when none holds. */
  async heldSinceMs(nowMs: number, signal: AbortSignal): Promise<number | undefined> {
    const lease = await this.#get(signal)
    const age = nowMs - (millisecondsOf(lease?.spec.renewTime) ?? 0)
    return age < (lease?.spec.leaseDurationSeconds ?? leaseSeconds) * 1000 ? Math.max(0, age) : undefined
  }

  /** @param nodeUid the Node that owns the lease */
  async renew(nodeUid: string | undefined, nowMs: number, signal: AbortSignal): Promise<void> {
    const spec = {
      holderIdentity: this.#node,
      leaseDurationSeconds: leaseSeconds,
      renewTime: microTimeOf(nowMs),
    }
    try {
      this.#lease ??= await this.#get(signal)
      const held = this.#lease
      this.#lease = held
        ? await this.#client.update(leases, { ...held, spec: { ...held.spec, ...spec } }, { signal })
        : await this.#client.create(leases, this.#new(nodeUid, spec), { signal })
    } catch (error) {
      this.#lease = undefined
      // Somebody else wrote or removed it: the next attempt looks again.
      if (isStatus(error, 'Conflict') || isStatus(error, 'AlreadyExists')) return this.renew(nodeUid, nowMs, signal)
      throw error
    }
  }

  #new(nodeUid: string | undefined, spec: Lease['spec']): Lease {
    const owner = { apiVersion: 'v1', kind: 'Node', name: this.#node, uid: nodeUid ?? '' }
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        namespace: leaseNamespace,
        name: this.#node,
        ...(nodeUid !== undefined && { ownerReferences: [owner] }),
      },
      spec,
    }
  }

  async #get(signal: AbortSignal): Promise<Stored<Lease> | undefined> {
    try {
      return await this.#client.get(leases, { namespace: leaseNamespace, name: this.#node }, { signal })
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined
      throw error
    }
  }
}
