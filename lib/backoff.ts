// Exponential back-off, per key.

export interface BackoffOptions {
  readonly initialMs: number
  readonly maxMs: number
  /** Default 2. */
  readonly factor?: number
  /** A fraction of the delay added at random, so that many do not come back together; default 0. */
  readonly jitter?: number
  readonly random?: () => number
}

/** The delay before attempt number `attempt`, the first being 0. */
export function backoffMs(attempt: number, options: BackoffOptions): number {
  const { initialMs, maxMs, factor = 2, jitter = 0, random = Math.random } = options
  const base = Math.min(maxMs, initialMs * factor ** attempt)
  return base + base * jitter * random()
}

/** Counts failures by key and says how long to wait after the latest. */
export class Backoff {
  readonly #failures = new Map<string, number>()
  readonly #options: BackoffOptions

  constructor(options: BackoffOptions) {
    this.#options = options
  }

  /** Records a failure; answers the delay in milliseconds. */
  next(key: string): number {
    const attempt = this.#failures.get(key) ?? 0
    this.#failures.set(key, attempt + 1)
    return backoffMs(attempt, this.#options)
  }

  reset(key: string): void {
    this.#failures.delete(key)
  }
}
