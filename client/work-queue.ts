// Reconcile by key: a queue that hands each key to one worker at a time, forgets duplicates, and comes back later when
// asked to or when it failed.
import { Backoff, type BackoffOptions } from '../lib/backoff.ts'
import { type Clock, systemClock } from '../lib/clock.ts'

/** What a reconciler answers: nothing (done), or when to look again. */
export interface Again {
  readonly afterMs: number
}

/** A failure that repeating won't cure: reported, not retried (until the key is added again). */
export class TerminalError extends Error {
  override readonly name = 'TerminalError'
}

/**
 * Makes the world match what the key's object asks for. It must be idempotent, and look everything up by the key: what
 * happened since it was queued is not told.
 */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<Again | undefined> | Promise<void>

export interface WorkQueueOptions {
  readonly reconcile: Reconcile
  /** Told of each failure, after which a retry follows unless it was terminal. */
  readonly onError: (key: string, error: unknown, retryMs: number | undefined) => void
  /** How many keys are worked on at the same time; default 1. */
  readonly parallelism?: number
  /** Default 5 ms doubling to 1,000 s, as client-go's. */
  readonly backoff?: BackoffOptions
  readonly clock?: Clock
}

const defaultBackoff: BackoffOptions = { initialMs: 5, maxMs: 1_000_000 }

export class WorkQueue {
  readonly #options: WorkQueueOptions
  readonly #clock: Clock
  readonly #backoff: Backoff
  readonly #signal: AbortSignal
  /** Keys waiting for a worker, in order. */
  readonly #ready = new Set<string>()
  /** Keys being worked on; true when added again meanwhile. */
  readonly #active = new Map<string, boolean>()
  /** Keys waiting for their time. */
  readonly #delayed = new Map<string, { readonly at: number; readonly cancel: () => void }>()
  readonly #idle: (() => void)[] = []
  #waking = false

  /** Works until the signal aborts; what is being worked on then is told by the signal it was given. */
  constructor(options: WorkQueueOptions, signal: AbortSignal) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#backoff = new Backoff(options.backoff ?? defaultBackoff)
    this.#signal = signal
    signal.addEventListener('abort', () => this.#stop(), { once: true })
  }

  /** Queues a key; while it is being worked on, it is worked on once more afterwards. */
  add(key: string): void {
    if (this.#signal.aborted) return
    if (this.#active.has(key)) this.#active.set(key, true)
    else {
      this.#ready.add(key)
      this.#wake()
    }
  }

  /** Queues a key after a delay; of several delays for one key the earliest holds. */
  addAfter(key: string, ms: number): void {
    if (this.#signal.aborted) return
    if (ms <= 0) {
      this.add(key)
      return
    }
    const at = this.#clock.now() + ms
    const waiting = this.#delayed.get(key)
    if (waiting && waiting.at <= at) return
    waiting?.cancel()
    const cancel = this.#clock.after(ms, () => {
      this.#delayed.delete(key)
      this.add(key)
    })
    this.#delayed.set(key, { at, cancel })
  }

  /** Keys waiting for a worker or being worked on; not those waiting for their time. */
  get length(): number {
    return this.#ready.size + this.#active.size
  }

  /** Resolves when nothing is queued or being worked on (delayed keys are not waited for). */
  idle(): Promise<void> {
    if (this.length === 0) return Promise.resolve()
    return new Promise(resolve => this.#idle.push(resolve))
  }

  /** Work begins in a microtask, so that keys added in one go are seen together. */
  #wake(): void {
    if (this.#waking) return
    this.#waking = true
    queueMicrotask(() => {
      this.#waking = false
      this.#start()
    })
  }

  #start(): void {
    while (this.#active.size < (this.#options.parallelism ?? 1)) {
      const [key] = this.#ready
      if (key === undefined) return
      this.#ready.delete(key)
      this.#active.set(key, false)
      void this.#work(key)
    }
  }

  async #work(key: string): Promise<void> {
    try {
      const again = await this.#options.reconcile(key, this.#signal)
      this.#backoff.reset(key)
      if (again) this.addAfter(key, again.afterMs)
    } catch (error) {
      if (!this.#signal.aborted) this.#failed(key, error)
    }
    const addedMeanwhile = this.#active.get(key)
    this.#active.delete(key)
    if (addedMeanwhile) this.add(key)
    this.#start()
    this.#announceIdle()
  }

  #failed(key: string, error: unknown): void {
    if (error instanceof TerminalError) {
      this.#backoff.reset(key)
      this.#options.onError(key, error, undefined)
    } else {
      const retryMs = this.#backoff.next(key)
      this.addAfter(key, retryMs)
      this.#options.onError(key, error, retryMs)
    }
  }

  #stop(): void {
    this.#ready.clear()
    for (const { cancel } of this.#delayed.values()) cancel()
    this.#delayed.clear()
    this.#announceIdle()
  }

  #announceIdle(): void {
    if (this.length === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }
}
