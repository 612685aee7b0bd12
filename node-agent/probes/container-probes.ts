// The probes of one running container. While a startup probe has not succeeded, the others wait.
// https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
import type { Container, Probe } from '../../api/kinds/core-v1.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Target } from './action.ts'
import type { Outcome } from './outcome.ts'
import { ProbeLoop } from './probe-loop.ts'

export type ProbeName = 'startup' | 'readiness' | 'liveness'

export interface ContainerProbesOptions {
  readonly container: Pick<Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'>
  readonly target: Target
  readonly clock: Clock
  readonly startedAtMs: number
  /** What was reported of this very container before: a restarted agent does not take it back without asking. */
  readonly wasStarted: boolean
  readonly wasReady: boolean
  /** The container's health changed. */
  readonly onChange: () => void
  readonly onFailure: (probe: ProbeName, outcome: Outcome) => void
}

export interface ContainerHealth {
  readonly started: boolean
  readonly ready: boolean
  readonly failed: { readonly probe: 'liveness' | 'startup'; readonly graceSeconds: number | undefined } | undefined
}

export class ContainerProbes {
  readonly #options: ContainerProbesOptions
  readonly #loops = new Map<ProbeName, ProbeLoop>()
  #started: boolean
  #failed: ContainerHealth['failed']

  constructor(options: ContainerProbesOptions) {
    this.#options = options
    this.#started = options.container.startupProbe === undefined || options.wasStarted
    if (this.#started) this.#followLife()
    else this.#begin('startup', options.container.startupProbe, false)
  }

  get health(): ContainerHealth {
    const ready = this.#started && !this.#failed && (this.#loops.get('readiness')?.result ?? true)
    return { started: this.#started, ready, failed: this.#failed }
  }

  stop(): void {
    for (const loop of this.#loops.values()) loop.stop()
    this.#loops.clear()
  }

  #followLife(): void {
    const { container, wasReady } = this.#options
    this.#begin('readiness', container.readinessProbe, wasReady)
    this.#begin('liveness', container.livenessProbe, true)
  }

  #begin(name: ProbeName, probe: Probe | undefined, initial: boolean): void {
    if (probe === undefined) return
    const { target, clock, startedAtMs, onChange, onFailure } = this.#options
    let failures = 0
    const loop = new ProbeLoop({
      probe,
      target,
      clock,
      containerStartedAtMs: startedAtMs,
      initial,
      onAnswer: (outcome, result, changed) => {
        failures = outcome.ok ? 0 : failures + 1
        if (!outcome.ok) onFailure(name, outcome)
        if (name === 'startup') this.#startup(probe, result, failures)
        else if (name === 'liveness' && changed && !result) this.#fail('liveness', probe)
        else if (changed) onChange()
      },
    })
    this.#loops.set(name, loop)
  }

  #startup(probe: Probe, succeeded: boolean, failures: number): void {
    if (succeeded) {
      this.#loops.get('startup')?.stop()
      this.#loops.delete('startup')
      this.#started = true
      this.#followLife()
      this.#options.onChange()
    } else if (failures >= (probe.failureThreshold ?? 3)) this.#fail('startup', probe)
  }

  /** The container is to be killed: nothing more is asked. */
  #fail(name: 'liveness' | 'startup', probe: Probe): void {
    this.#failed = { probe: name, graceSeconds: probe.terminationGracePeriodSeconds }
    this.stop()
    this.#options.onChange()
  }
}
