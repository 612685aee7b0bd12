// Events a moment later: a pod that starts causes several, and each is a write that would stand before its status.
import type { EventRecorder } from '../../client/events.ts'
import { type Clock, systemClock } from '../../lib/clock.ts'

const delayMs = 250

export class LaterEvents implements EventRecorder {
  readonly #recorder: EventRecorder
  readonly #clock: Clock
  #waiting: Parameters<EventRecorder['record']>[] = []

  constructor(recorder: EventRecorder, clock: Clock = systemClock) {
    this.#recorder = recorder
    this.#clock = clock
  }

  record(...event: Parameters<EventRecorder['record']>): void {
    if (this.#waiting.push(event) === 1) this.#clock.after(delayMs, () => this.flush())
  }

  /** Passes on what waits, at once. */
  flush(): void {
    for (const event of this.#waiting.splice(0)) this.#recorder.record(...event)
  }
}
