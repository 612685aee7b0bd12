// One of several equal processes works, the others wait: whoever renews a Lease leads.
import { isStatus } from '../api/errors.ts'
import { type Lease, leases } from '../api/kinds/coordination-v1/lease.ts'
import type { Stored } from '../api/kinds/kind.ts'
import { microTimeOf } from '../api/values/time.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import type { Client } from './client.ts'

export interface LeaderElectionOptions {
  readonly namespace: string
  readonly name: string
  /** Unique to this process: host name and a random part. */
  readonly identity: string
  /** How long a leader that says nothing still leads, for the others; default 15 s. */
  readonly leaseMs?: number
  /** How long a leader tries to renew before it stops leading; less than leaseMs; default 10 s. */
  readonly renewMs?: number
  /** Between attempts; default 2 s. */
  readonly retryMs?: number
  readonly clock?: Clock
  readonly onError?: (error: unknown) => void
}

/**
 * Waits to lead, then calls `lead` once. Its signal aborts when leadership is lost or the outer signal aborts. Resolves
 * when `lead` has ended or the outer signal aborted; the lease is given up on the way out, so the next leader need not
 * wait for it to expire.
 * @throws LeadershipLostError when another may lead now: the process should end, or start over
 */
export async function withLeadership(
  client: Client,
  options: LeaderElectionOptions,
  signal: AbortSignal,
  lead: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  await new Election(client, options, signal).run(lead)
}

/** Somebody else may lead now. */
export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError'
}

class Election {
  readonly #client: Client
  readonly #options: LeaderElectionOptions
  readonly #signal: AbortSignal
  readonly #clock: Clock
  readonly #leaseMs: number
  readonly #renewMs: number
  readonly #retryMs: number
  /**
   * The lease as last seen to change, and when that was by our own clock: another machine's clock is not trusted, so
   * an expiry is counted from the moment a change was seen here.
   */
  #observed: { readonly resourceVersion: string; readonly atMs: number } | undefined

  constructor(client: Client, options: LeaderElectionOptions, signal: AbortSignal) {
    this.#client = client
    this.#options = options
    this.#signal = signal
    this.#clock = options.clock ?? systemClock
    this.#leaseMs = options.leaseMs ?? 15_000
    this.#renewMs = options.renewMs ?? 10_000
    this.#retryMs = options.retryMs ?? 2_000
  }

  async run(lead: (signal: AbortSignal) => Promise<void>): Promise<void> {
    while (!(await this.#attempt())) {
      await this.#wait(this.#signal)
      if (this.#signal.aborted) return
    }
    const over = new AbortController()
    const stop = (): void => over.abort(this.#signal.reason)
    this.#signal.addEventListener('abort', stop, { once: true })
    if (this.#signal.aborted) stop()
    const renewing = this.#renew(over)
    try {
      await lead(over.signal)
    } finally {
      over.abort()
      this.#signal.removeEventListener('abort', stop)
    }
    if (await renewing) throw new LeadershipLostError(`lost the lease ${this.#options.namespace}/${this.#options.name}`)
    await this.#release()
  }

  /** Renews until told to stop; answers true when it stopped because leadership was lost. */
  async #renew(over: AbortController): Promise<boolean> {
    let lost = false
    const lose = (): void => {
      if (over.signal.aborted) return
      lost = true
      over.abort(new LeadershipLostError('the lease could not be renewed in time'))
    }
    // A timer, not a look at the clock between attempts: an attempt that hangs must not prolong the right to lead.
    let cancel = this.#clock.after(this.#renewMs, lose)
    for (;;) {
      await this.#wait(over.signal)
      const beganMs = this.#clock.now()
      const renewed = !over.signal.aborted && (await this.#attempt())
      if (over.signal.aborted) break
      if (!renewed) continue
      cancel()
      cancel = this.#clock.after(this.#renewMs - (this.#clock.now() - beganMs), lose)
    }
    cancel()
    return lost
  }

  /** Takes or renews the lease if it is free, expired or ours. Answers whether it is ours now. */
  async #attempt(): Promise<boolean> {
    const { namespace, name, identity, onError } = this.#options
    const options = { deadlineMs: Math.min(this.#renewMs, 5_000) }
    try {
      const current = await this.#client.get(leases, { namespace, name }, options).catch((error: unknown) => {
        if (isStatus(error, 'NotFound')) return undefined
        throw error
      })
      if (!current) {
        this.#observe(await this.#client.create(leases, this.#claim(undefined), options))
        return true
      }
      if (this.#observed?.resourceVersion !== current.metadata.resourceVersion) this.#observe(current)
      if (!this.#isMine(current) && !this.#isExpired(current)) return false
      this.#observe(await this.#client.update(leases, this.#claim(current), options))
      return true
    } catch (error) {
      const raced = isStatus(error, 'Conflict') || isStatus(error, 'AlreadyExists')
      if (!raced) onError?.(new Error(`lease ${namespace}/${name}, for ${identity}`, { cause: error }))
      return false
    }
  }

  #observe(lease: Stored<Lease>): void {
    this.#observed = { resourceVersion: lease.metadata.resourceVersion, atMs: this.#clock.now() }
  }

  #isMine(lease: Lease): boolean {
    return lease.spec.holderIdentity === this.#options.identity
  }

  #isExpired({ spec }: Lease): boolean {
    if (!spec.holderIdentity) return true
    const lastsMs = (spec.leaseDurationSeconds ?? this.#leaseMs / 1000) * 1000
    return this.#observed !== undefined && this.#clock.now() - this.#observed.atMs >= lastsMs
  }

  #claim(current: Stored<Lease> | undefined): Lease {
    const { namespace, name, identity } = this.#options
    const now = microTimeOf(this.#clock.now())
    const mine = current !== undefined && this.#isMine(current)
    const transitions = current?.spec.leaseTransitions ?? 0
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: current?.metadata ?? { namespace, name },
      spec: {
        ...current?.spec,
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(this.#leaseMs / 1000),
        acquireTime: (mine ? current.spec.acquireTime : undefined) ?? now,
        renewTime: now,
        leaseTransitions: current === undefined || mine ? transitions : transitions + 1,
      },
    }
  }

  /** Lets the next leader begin at once. Failing to is no harm: the lease expires. */
  async #release(): Promise<void> {
    const { namespace, name, onError } = this.#options
    try {
      const current = await this.#client.get(leases, { namespace, name })
      if (!this.#isMine(current)) return
      const spec = { ...current.spec, holderIdentity: '', leaseDurationSeconds: 1 }
      await this.#client.update(leases, { ...current, spec })
    } catch (error) {
      onError?.(error)
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    return new Promise(resolve => {
      const done = (): void => {
        cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const cancel = this.#clock.after(this.#retryMs, done)
      signal.addEventListener('abort', done, { once: true })
    })
  }
}
