// What is going on at a door: each request has a signal that aborts when its client leaves, when its work is over, or
// when the door closes. (AbortSignal.any would keep every request alive as long as the door's own signal.)

export interface Activity {
  readonly signal: AbortSignal
  /** The client left or the work is done; may be called again. */
  end(): void
}

export class Ongoing {
  readonly #controllers = new Set<AbortController>()
  #idle: (() => void)[] = []

  start(): Activity {
    const controller = new AbortController()
    this.#controllers.add(controller)
    return {
      signal: controller.signal,
      end: () => {
        if (!this.#controllers.delete(controller)) return
        controller.abort(new Error('the request is over'))
        if (this.#controllers.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
      },
    }
  }

  /** Aborts what is going on; resolves when all of it has ended. */
  async stop(): Promise<void> {
    for (const controller of this.#controllers) controller.abort(new Error('the server is shutting down'))
    if (this.#controllers.size > 0) await new Promise<void>(resolve => this.#idle.push(resolve))
  }
}
