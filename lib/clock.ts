// Time comes in from outside, so tests decide what it is.

export interface Clock {
  /** Wall-clock milliseconds since 1970. */
  now(): number
  /** Calls back after a delay; answers how to cancel. */
  after(ms: number, callback: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}
