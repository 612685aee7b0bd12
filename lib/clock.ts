// Time comes in from outside, so tests decide what it is.

/** The longest a timer of Node runs (setTimeout's 32 bits); a longer one would fire at once. */
export const longestTimerMs = 2 ** 31 - 1

export interface Clock {
  /** Wall-clock milliseconds since 1970. */
  now(): number
  /** Calls back after a delay, or after `longestTimerMs` where that is shorter; answers how to cancel. */
  after(ms: number, callback: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, longestTimerMs))
    return () => clearTimeout(timer)
  },
}
