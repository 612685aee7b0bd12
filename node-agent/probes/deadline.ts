import { setMaxListeners } from 'node:events'
import { childController } from '../../lib/abort.ts'
import { longestTimerMs } from '../../lib/clock.ts'

/** Aborts with its parent, or when its time is over. To be disposed of when what it bounds has ended. */
export class Deadline implements Disposable {
  readonly #controller: AbortController & Disposable
  readonly #timer: NodeJS.Timeout | undefined
  #expired = false

  /** @param timeoutMs undefined: its time is never over */
  constructor(parent: AbortSignal, timeoutMs: number | undefined) {
    this.#controller = childController(parent)
    // Every connection of a request that is redirected listens.
    setMaxListeners(0, this.#controller.signal)
    if (timeoutMs === undefined) return
    const expire = (): void => {
      this.#expired = true
      this.#controller.abort()
    }
    this.#timer = setTimeout(expire, Math.min(timeoutMs, longestTimerMs))
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Whether its own time is what ended it. */
  get expired(): boolean {
    return this.#expired
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#controller[Symbol.dispose]()
  }
}
