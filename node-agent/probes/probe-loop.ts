// One probe of one container: made every period, believed after its thresholds (pkg/kubelet/prober/worker.go).
import type { Probe } from '../../api/kinds/core-v1/probes.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Outcome } from './outcome.ts'
import { makeProbe, type ProbeTarget } from './prober.ts'

export interface ProbeLoopOptions {
  readonly probe: Probe
  readonly target: ProbeTarget
  readonly clock: Clock
  /** When the first probe is due, in milliseconds since 1970. */
  readonly firstAtMs: number
  /** What is believed before the first answer. */
  readonly initial: boolean
  /** Called for each answer; `result` is what is believed now. */
  readonly onAnswer: (outcome: Outcome, result: boolean, changed: boolean) => void
}

export class ProbeLoop {
  readonly #options: ProbeLoopOptions
  readonly #stop = new AbortController()
  readonly #periodMs: number
  #result: boolean
  #runs = 0
  #last: boolean | undefined
  #tickMs: number
  #cancel: () => void = () => {}

  constructor(options: ProbeLoopOptions) {
    this.#options = options
    this.#periodMs = Math.max(1, options.probe.periodSeconds ?? 10) * 1000
    this.#result = options.initial
    this.#tickMs = Math.max(options.firstAtMs, options.clock.now())
    this.#after(this.#tickMs - options.clock.now())
  }

  get result(): boolean {
    return this.#result
  }

  stop(): void {
    this.#stop.abort()
    this.#cancel()
  }

  #after(ms: number): void {
    this.#cancel = this.#options.clock.after(ms, () => void this.#ask())
  }

  async #ask(): Promise<void> {
    const { probe, target } = this.#options
    const stopped = (): boolean => this.#stop.signal.aborted
    const outcome = await makeProbe(probe, target, this.#stop.signal)
    if (stopped()) return
    this.#count(outcome)
    // The answer may have been the last one wanted.
    if (!stopped()) this.#after(this.#untilNextTick())
  }

  /** A period from one probe to the next, however long one takes; those it ran over are one, made at once. */
  #untilNextTick(): number {
    const nowMs = this.#options.clock.now()
    const missed = Math.max(0, Math.floor((nowMs - this.#tickMs) / this.#periodMs))
    this.#tickMs += Math.max(1, missed) * this.#periodMs
    // The clock may have been set meanwhile.
    return Math.min(this.#periodMs, Math.max(0, this.#tickMs - nowMs))
  }

  #count(outcome: Outcome): void {
    const { probe, onAnswer } = this.#options
    if (outcome.errored) {
      onAnswer(outcome, this.#result, false)
      return
    }
    const succeeded = outcome.result !== 'failure'
    const { successThreshold = 1, failureThreshold = 3 } = probe
    this.#runs = succeeded === this.#last ? this.#runs + 1 : 1
    this.#last = succeeded
    const enough = this.#runs >= Math.max(1, succeeded ? successThreshold : failureThreshold)
    const changed = enough && this.#result !== succeeded
    if (changed) this.#result = succeeded
    onAnswer(outcome, this.#result, changed)
  }
}
