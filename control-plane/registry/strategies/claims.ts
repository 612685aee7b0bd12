// Things only one object may have (addresses, ports), each a key of its own in the store: taken by a write that
// expects nobody, so two writers, or two servers, can't both get it, and a restart forgets none.
import type { Clock } from '../../../lib/clock.ts'
import { type Entry, type Revision, type Store, StoreUnavailableError } from '../../store/store.ts'

export interface ClaimOwner {
  readonly uid: string
}

export interface ClaimOptions {
  readonly store: Store
  readonly clock: Clock
  /** As `/registry/claims/service-ips/`. */
  readonly prefix: string
  /** Whether the owner exists and has this name in use. */
  readonly uses: (uid: string, name: string) => boolean
}

/** So long after it was taken, a claim nobody uses was left by a write, or a giving back, that failed. */
const abandonedAfterMs = 60_000

interface ClaimValue extends ClaimOwner {
  readonly atMs: number
}

export class ClaimTable {
  readonly #options: ClaimOptions

  constructor(options: ClaimOptions) {
    this.#options = options
  }

  /** @returns false when it belongs to somebody else; true when it is the owner's, now or already */
  async take(name: string, { uid }: ClaimOwner): Promise<boolean> {
    const value: ClaimValue = { uid, atMs: this.#options.clock.now() }
    const key = this.#options.prefix + name
    let expect: Revision = 0
    for (;;) {
      const [result] = await this.#options.store.commit([{ key, value: Buffer.from(JSON.stringify(value)), expect }])
      if (result?.ok === true) return true
      const holder = result?.current
      if (holder === undefined) return false
      const held = read(holder)
      if (held?.uid === uid) return true
      if (held !== undefined && !this.#isAbandoned(held, name)) return false
      if (expect === holder.revision) return false
      expect = holder.revision
    }
  }

  /**
   * Gives back what the owner has; what is somebody else's meanwhile stays theirs. The write it belongs to is over, so
   * a store that does not answer is no reason to fail: what nobody uses is taken anew later.
   */
  async giveBack(names: readonly string[], owner: ClaimOwner): Promise<void> {
    try {
      await this.#giveBack(names, owner)
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error
    }
  }

  async #giveBack(names: readonly string[], { uid }: ClaimOwner): Promise<void> {
    const { store, prefix } = this.#options
    const held = await Promise.all(names.map(async name => (await store.get(prefix + name)).entry))
    const writes = held
      .filter(entry => entry !== undefined)
      .filter(entry => read(entry)?.uid === uid)
      .map(({ key, revision }) => ({ key, value: undefined, expect: revision }))
    if (writes.length > 0) await store.commit(writes)
  }

  /** The names that can't be taken now. */
  async taken(): Promise<Set<string>> {
    const { store, prefix } = this.#options
    const { entries } = await store.list(prefix)
    const held = entries.filter(entry => {
      const value = read(entry)
      return value !== undefined && !this.#isAbandoned(value, entry.key.slice(prefix.length))
    })
    return new Set(held.map(({ key }) => key.slice(prefix.length)))
  }

  #isAbandoned({ uid, atMs }: ClaimValue, name: string): boolean {
    return this.#options.clock.now() - atMs > abandonedAfterMs && !this.#options.uses(uid, name)
  }
}

function read({ value }: Entry): ClaimValue | undefined {
  const claim: unknown = JSON.parse(value.toString())
  if (typeof claim !== 'object' || claim === null || !('uid' in claim && 'atMs' in claim)) return undefined
  const { uid, atMs } = claim
  return typeof uid === 'string' && typeof atMs === 'number' ? { uid, atMs } : undefined
}
