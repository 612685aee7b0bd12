// One probe of one container: asked every period, believed after its thresholds.
import type { Probe } from '../../api/kinds/core-v1.ts'
import type { Clock } from '../../lib/clock.ts'
import { act, type Target } from './action.ts'
import type { Outcome } from './outcome.ts'

export interface ProbeLoopOptions {
  readonly probe: Probe
  readonly target: Target
  readonly clock: Clock
  /** initialDelaySeconds counts from then, in milliseconds since 1970. */
  readonly containerStartedAtMs: number
  /** What is believed before the first answer. */
  readonly initial: boolean
  /** Called for each answer; `result` is what is believed now. */
  readonly onAnswer: (outcome: Outcome, result: boolean, changed: boolean) => void
}

export class ProbeLoop {
  readonly #options: ProbeLoopOptions
  readonly #stop = new AbortController()
  #result: boolean
  #runs = 0
  #last: boolean | undefined
  #cancel: () => void = () => {}

  constructor(options: ProbeLoopOptions) {
    this.#options = options
    this.#result = options.initial
    const { probe, clock, containerStartedAtMs } = options
    const firstAtMs = containerStartedAtMs + (probe.initialDelaySeconds ?? 0) * 1000
    this.#again(Math.max(0, firstAtMs - clock.now()))
  }

  get result(): boolean {
    return this.#result
  }

  stop(): void {
    this.#stop.abort()
    this.#cancel()
  }

  #again(ms: number): void {
    this.#cancel = this.#options.clock.after(ms, () => void this.#ask())
  }

  async #ask(): Promise<void> {
    const { probe, target } = this.#options
    const { timeoutSeconds = 1, periodSeconds = 10 } = probe
    const stopped = (): boolean => this.#stop.signal.aborted
    const outcome = await act(probe, target, Math.max(1, timeoutSeconds) * 1000, this.#stop.signal)
    if (stopped()) return
    if (!outcome.unknown) this.#count(outcome)
    // The answer may have been the last one wanted.
    if (!stopped()) this.#again(Math.max(1, periodSeconds) * 1000)
  }

  #count(outcome: Outcome): void {
    const { probe, onAnswer } = this.#options
    const { successThreshold = 1, failureThreshold = 3 } = probe
    this.#runs = outcome.ok === this.#last ? this.#runs + 1 : 1
    this.#last = outcome.ok
    const enough = this.#runs >= Math.max(1, outcome.ok ? successThreshold : failureThreshold)
    const changed = enough && this.#result !== outcome.ok
    if (changed) this.#result = outcome.ok
    onAnswer(outcome, this.#result, changed)
  }
}
