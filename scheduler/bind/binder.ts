// Commits placements: what is decided goes out at once, together with whatever else is decided by then.
import { StatusError } from '../../api/errors.ts'
import type { Pod } from '../../api/kinds/core-v1/pod.ts'
import type { Stored } from '../../api/kinds/kind.ts'
import type { Client } from '../../client/client.ts'
import type { PodInfo } from '../framework/pod-info.ts'

export interface Placed {
  readonly info: PodInfo
  readonly node: string
}

/** What became of one placement. */
export type Bound =
  | { readonly is: 'bound'; readonly pod: Stored<Pod> }
  /** The API refused it, and says why. */
  | { readonly is: 'refused'; readonly error: StatusError }
  /** No answer: it may be bound or not. */
  | { readonly is: 'unknown'; readonly error: unknown }

export interface BinderOptions {
  readonly client: Client
  readonly signal: AbortSignal
  readonly settled: (placed: Placed, outcome: Bound) => void
  /** Calls in flight at the same time; what is placed meanwhile goes together in the next. Default 4. */
  readonly parallelism?: number
  /** Bindings in one call; default 256. */
  readonly batch?: number
}

export class Binder {
  readonly #options: BinderOptions
  #waiting: Placed[] = []
  #inFlight = 0

  constructor(options: BinderOptions) {
    this.#options = options
  }

  /** How much room there is: placements beyond it would only wait. */
  get room(): number {
    const { parallelism = 4, batch = 256 } = this.#options
    return Math.max(0, (parallelism - this.#inFlight) * batch - this.#waiting.length)
  }

  bind(placed: readonly Placed[]): void {
    this.#waiting.push(...placed)
    this.#send()
  }

  #send(): void {
    const { parallelism = 4, batch = 256 } = this.#options
    while (this.#waiting.length > 0 && this.#inFlight < parallelism) {
      const next = this.#waiting.slice(0, batch)
      this.#waiting = this.#waiting.slice(batch)
      this.#inFlight++
      void this.#commit(next)
    }
  }

  async #commit(batch: readonly Placed[]): Promise<void> {
    const outcomes = await this.#call(batch)
    this.#inFlight--
    for (const [i, placed] of batch.entries()) {
      const outcome = outcomes[i]
      if (outcome) this.#options.settled(placed, outcome)
    }
    this.#send()
  }

  async #call(batch: readonly Placed[]): Promise<Bound[]> {
    const { client, signal } = this.#options
    const bindings = batch.map(({ info, node }) => ({
      namespace: info.pod.metadata.namespace ?? '',
      name: info.pod.metadata.name,
      uid: info.uid,
      node,
    }))
    try {
      const outcomes = await client.bind(bindings, { signal })
      return outcomes.map(outcome =>
        outcome.ok ? { is: 'bound', pod: outcome.object } : { is: 'refused', error: StatusError.from(outcome.status) },
      )
    } catch (error) {
      // A Status for the whole call: nothing of it was done.
      if (error instanceof StatusError && error.code < 500) return batch.map(() => ({ is: 'refused', error }))
      return batch.map(() => ({ is: 'unknown', error }))
    }
  }
}
