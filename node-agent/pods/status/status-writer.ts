// Brings statuses to the API: only what changed, many in one call, the newest winning. What can't be written now is
// kept and tried again; what a killed agent did not write is computed anew by the next.
import { isDeepStrictEqual } from 'node:util'
import { StatusError } from '../../../api/errors.ts'
import { type Pod as PodKind, pods } from '../../../api/kinds/core-v1/pod.ts'
import type { PodStatus } from '../../../api/kinds/core-v1/pod-status.ts'
import type { Client, Outcome } from '../../../client/client.ts'
import { Backoff } from '../../../lib/backoff.ts'
import { type Clock, systemClock } from '../../../lib/clock.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { Pod } from '../planning/situation.ts'

/** How long a status waits that another will soon replace, such as ContainerCreating. */
const gatherMs = 150
/** Pods in one call. */
const mostInBatch = 100
const retry = { initialMs: 200, maxMs: 10_000, jitter: 0.2 }

interface Entry {
  /** The newest version of the pod known here. */
  base: Pod
  wanted: PodStatus
  /** What this agent wrote last, and the version of the pod that came of it. */
  written: { readonly status: PodStatus; readonly version: string } | undefined
  /** Not written yet. */
  dirty: boolean
  sending: boolean
  settled: (() => void)[]
}

export interface StatusWriterOptions {
  readonly client: Pick<Client, 'updateStatuses' | 'get'>
  readonly log: Logger
  readonly signal: AbortSignal
  /** A newer version of the pod turned up; its status is to be computed from it. */
  readonly onNewer: (pod: Pod) => void
  readonly clock?: Clock
}

export class StatusWriter {
  readonly #options: StatusWriterOptions
  readonly #clock: Clock
  readonly #backoff = new Backoff(retry)
  readonly #entries = new Map<string, Entry>()
  #flushing = false
  #cancelGathering: (() => void) | undefined

  constructor(options: StatusWriterOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /**
   * @param pod the API's object, of any age: its uid tells whose status this is
   * @param urgent people wait for it; else it may be overtaken by the next within a moment
   */
  set(pod: Pod, status: PodStatus, urgent: boolean): void {
    const { uid } = pod.metadata
    let entry = this.#entries.get(uid)
    if (entry === undefined) {
      entry = { base: pod, wanted: status, written: undefined, dirty: false, sending: false, settled: [] }
      this.#entries.set(uid, entry)
    }
    if (isNewer(pod, entry.base)) entry.base = pod
    entry.wanted = status
    // The server may have written it in another form than it was sent in; that is no change of anybody's.
    const { base, written } = entry
    const present = written?.version === base.metadata.resourceVersion ? written.status : base.status
    entry.dirty = entry.sending || !isDeepStrictEqual(status, present)
    if (!entry.dirty) this.#settle(entry)
    else if (urgent) this.#flushSoon()
    else this.#cancelGathering ??= this.#clock.after(gatherMs, () => this.#flush())
  }

  /** Resolves when nothing remains to be written for the pod. */
  settled(uid: string): Promise<void> {
    const entry = this.#entries.get(uid)
    if (entry === undefined || !(entry.dirty || entry.sending)) return Promise.resolve()
    this.#flushSoon()
    return new Promise(resolve => entry.settled.push(resolve))
  }

  /** The pod is gone: nothing more is written for it. */
  forget(uid: string): void {
    const entry = this.#entries.get(uid)
    this.#entries.delete(uid)
    if (entry) this.#settle(entry)
    this.#backoff.reset(uid)
  }

  #settle(entry: Entry): void {
    for (const resolve of entry.settled.splice(0)) resolve()
  }

  /** At the end of this turn of the event loop, so that pods that change together are written together. */
  #flushSoon(): void {
    if (this.#flushing) return
    this.#flushing = true
    setImmediate(() => this.#flush())
  }

  #flush(): void {
    this.#flushing = false
    this.#cancelGathering?.()
    this.#cancelGathering = undefined
    if (this.#options.signal.aborted) return
    const due = [...this.#entries.values()].filter(({ dirty, sending }) => dirty && !sending)
    for (let start = 0; start < due.length; start += mostInBatch) void this.#send(due.slice(start, start + mostInBatch))
  }

  async #send(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) Object.assign(entry, { sending: true, dirty: false })
    const sent = entries.map(({ base, wanted }): Pod => ({ ...base, status: wanted }))
    try {
      const outcomes = await this.#options.client.updateStatuses(pods, sent, { signal: this.#options.signal })
      await Promise.all(
        entries.map((entry, index) => this.#take(entry, sent[index]?.status ?? entry.wanted, outcomes[index])),
      )
    } catch (error) {
      if (this.#options.signal.aborted) return
      this.#options.log.warn({ err: error, pods: entries.length }, 'statuses not written; trying again')
      for (const entry of entries) this.#again(entry)
    }
  }

  async #take(entry: Entry, sent: PodStatus, outcome: Outcome<PodKind> | undefined): Promise<void> {
    const { uid } = entry.base.metadata
    if (outcome?.ok) {
      this.#backoff.reset(uid)
      entry.sending = false
      if (isNewer(outcome.object, entry.base)) entry.base = outcome.object
      entry.written = { status: sent, version: outcome.object.metadata.resourceVersion }
      if (isDeepStrictEqual(entry.wanted, sent)) entry.dirty = false
      if (entry.dirty) this.#flushSoon()
      else this.#settle(entry)
      return
    }
    const { code = 500, message } = outcome?.status ?? {}
    if (code === 404) {
      this.forget(uid)
      return
    }
    if (code === 400 || code === 422) {
      // Sending it again would change nothing, and nobody may wait for it for ever.
      this.#options.log.error({ pod: entry.base.metadata.name, message }, 'status refused')
      entry.sending = false
      if (isDeepStrictEqual(entry.wanted, sent)) this.#settle(Object.assign(entry, { dirty: false }))
      else this.#flushSoon()
      return
    }
    if (code !== 409) this.#options.log.warn({ pod: entry.base.metadata.name, message }, 'status refused; trying again')
    else if (await this.#refresh(entry)) return
    this.#again(entry)
  }

  /** Somebody else wrote the pod in between: start from what they wrote. Answers whether that went well. */
  async #refresh(entry: Entry): Promise<boolean> {
    const { name, namespace, uid } = entry.base.metadata
    try {
      const newer = await this.#options.client.get(pods, { name, namespace }, { signal: this.#options.signal })
      if (newer.metadata.uid !== uid) {
        this.forget(uid)
        return true
      }
      Object.assign(entry, { base: newer, sending: false, dirty: true })
      this.#options.onNewer(newer)
      this.#flushSoon()
      return true
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) {
        this.forget(uid)
        return true
      }
      return false
    }
  }

  #again(entry: Entry): void {
    entry.dirty = true
    this.#clock.after(this.#backoff.next(entry.base.metadata.uid), () => {
      entry.sending = false
      this.#flushSoon()
    })
  }
}

/** Versions are ordered (ARCHITECTURE.md). */
const isNewer = (a: Pod, b: Pod): boolean => Number(a.metadata.resourceVersion) > Number(b.metadata.resourceVersion)
