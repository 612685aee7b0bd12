// What the embedded store does by itself: forgets history that nobody needs any more, and deletes keys whose
// time has come.
import { type Clock, systemClock } from '../../lib/clock.ts'
import { type Logger, silentLogger } from '../../lib/logger.ts'
import type { Tables } from './embedded-directory.ts'
import { dueKeys, nextExpiryMs } from './embedded-tables.ts'
import type { Revision, Store } from './store.ts'

export interface UpkeepOptions {
  readonly clock?: Clock
  readonly logger?: Logger
  /** History is kept at least this long (default 5 minutes), unless there is more of it than… */
  readonly historyMs?: number
  /** …this many revisions (default 100,000). */
  readonly historyRevisions?: number
  /** How often compaction is considered; default 30 s. */
  readonly compactEveryMs?: number
}

const expiryChunk = 1000
const retryMs = 1000
/** The longest that a timer takes. */
const maxTimerMs = 2 ** 31 - 1

export class Upkeep {
  readonly #store: Pick<Store, 'commit' | 'compact'>
  readonly #tables: Tables
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #position: () => Revision
  readonly #historyMs: number
  readonly #historyRevisions: number
  readonly #compactEveryMs: number
  /** What the newest revision was at times past, oldest first. What is older than this process counts as new. */
  #marks: { readonly atMs: number; readonly revision: Revision }[] = []
  #cancelCompaction: (() => void) | undefined
  #cancelExpiry: (() => void) | undefined
  #expiryAtMs = Number.POSITIVE_INFINITY
  #stopped = false

  /** @param options.position the newest revision that has been committed */
  constructor(
    store: Pick<Store, 'commit' | 'compact'>,
    tables: Tables,
    options: UpkeepOptions & { readonly position: () => Revision },
  ) {
    this.#store = store
    this.#tables = tables
    this.#clock = options.clock ?? systemClock
    this.#logger = options.logger ?? silentLogger
    this.#position = options.position
    this.#historyMs = options.historyMs ?? 5 * 60_000
    this.#historyRevisions = options.historyRevisions ?? 100_000
    this.#compactEveryMs = options.compactEveryMs ?? 30_000
    this.#compactLater()
    this.expireAt(nextExpiryMs(tables))
  }

  stop(): void {
    this.#stopped = true
    this.#cancelCompaction?.()
    this.#cancelExpiry?.()
  }

  /** To be told when a key is written that expires. @param atMs wall-clock milliseconds; Infinity: never */
  expireAt(atMs: number): void {
    if (atMs >= this.#expiryAtMs || this.#stopped) return
    this.#cancelExpiry?.()
    this.#expiryAtMs = atMs
    const delayMs = Math.min(maxTimerMs, Math.max(0, atMs - this.#clock.now()))
    this.#cancelExpiry = this.#clock.after(delayMs, () => {
      this.#expiryAtMs = Number.POSITIVE_INFINITY
      void this.#expire().then(nextMs => this.expireAt(nextMs))
    })
  }

  /** @returns when to look again */
  async #expire(): Promise<number> {
    try {
      const due = dueKeys(this.#tables, this.#clock.now(), expiryChunk)
      // A key that was written again meanwhile has another revision and stays.
      const deletions = due.map(({ key, revision }) => ({ key, value: undefined, expect: revision }))
      if (deletions.length > 0) await this.#store.commit(deletions)
      return this.#hasStopped() ? Number.POSITIVE_INFINITY : nextExpiryMs(this.#tables)
    } catch (error) {
      if (!this.#hasStopped()) this.#logger.warn({ err: error }, 'expired keys could not be deleted; trying again')
      return this.#clock.now() + retryMs
    }
  }

  #compactLater(): void {
    this.#cancelCompaction = this.#clock.after(this.#compactEveryMs, () => {
      void this.#compact().then(() => {
        if (!this.#hasStopped()) this.#compactLater()
      })
    })
  }

  async #compact(): Promise<void> {
    const nowMs = this.#clock.now()
    const newest = this.#position()
    const old = this.#marks.findLast(mark => mark.atMs <= nowMs - this.#historyMs)?.revision ?? 0
    this.#marks = this.#marks.filter(mark => mark.revision >= old)
    if (this.#marks.at(-1)?.revision !== newest) this.#marks.push({ atMs: nowMs, revision: newest })
    try {
      await this.#store.compact(Math.max(old, newest - this.#historyRevisions))
    } catch (error) {
      if (!this.#hasStopped()) this.#logger.warn({ err: error }, 'compaction failed; it will be tried again')
    }
  }

  #hasStopped(): boolean {
    return this.#stopped
  }
}
