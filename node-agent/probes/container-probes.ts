// The probes of one running container. While a startup probe has not succeeded, the others wait.
// https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
import type { Container } from '../../api/kinds/core-v1/container.ts'
import type { Probe } from '../../api/kinds/core-v1/probes.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Outcome } from './outcome.ts'
import { ProbeLoop } from './probe-loop.ts'
import type { ProbeTarget } from './prober.ts'

export type ProbeName = 'startup' | 'readiness' | 'liveness'

export interface ContainerProbesOptions {
  readonly container: Pick<Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'>
  readonly target: ProbeTarget
  readonly clock: Clock
  readonly startedAtMs: number
  /**
   * What was reported of this very container before: a restarted agent does not take it back without asking, and does
   * not ask all containers of its node at once.
   */
  readonly before: { readonly started: boolean; readonly ready: boolean } | undefined
  /** From 0 to below 1. */
  readonly random?: () => number
  /** The container's health changed. */
  readonly onChange: () => void
  readonly onOutcome: (probe: ProbeName, outcome: Outcome) => void
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
    const { container, before } = options
    this.#started = container.startupProbe === undefined || before?.started === true
    const spread = before === undefined ? 0 : (options.random ?? Math.random)()
    if (this.#started) this.#followLife(spread)
    else this.#begin('startup', container.startupProbe, false, spread)
  }

  get health(): ContainerHealth {
    const ready = this.#started && (this.#loops.get('readiness')?.result ?? true)
    return { started: this.#started, ready, failed: this.#failed }
  }

  /** The pod ends: whether its containers should is asked no more; whether they still serve is. */
  endKilling(): void {
    const startup = this.#loops.has('startup')
    this.#end('startup')
    this.#end('liveness')
    if (!startup) return
    this.#started = true
    this.#begin('readiness', this.#options.container.readinessProbe, false, 0)
  }

  stop(): void {
    for (const name of [...this.#loops.keys()]) this.#end(name)
  }

  #followLife(spread: number): void {
    const { container, before } = this.#options
    this.#begin('readiness', container.readinessProbe, before?.ready === true, spread)
    this.#begin('liveness', container.livenessProbe, true, spread)
  }

  /** @param spread the part of a period that the first probe waits */
  #begin(name: ProbeName, probe: Probe | undefined, initial: boolean, spread: number): void {
    if (probe === undefined) return
    const { target, clock, startedAtMs, onChange, onOutcome } = this.#options
    const delayedUntilMs = startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000
    const spreadMs = spread * Math.max(1, probe.periodSeconds ?? 10) * 1000
    let failures = 0
    const loop = new ProbeLoop({
      probe,
      target,
      clock,
      firstAtMs: Math.max(delayedUntilMs, clock.now() + spreadMs),
      initial,
      onAnswer: (outcome, result, changed) => {
        onOutcome(name, outcome)
        if (outcome.errored) return
        failures = outcome.result === 'failure' ? failures + 1 : 0
        if (name === 'startup') this.#startup(probe, result, failures)
        else if (name === 'liveness' && changed && !result) this.#fail('liveness', probe)
        else if (changed) onChange()
      },
    })
    this.#loops.set(name, loop)
  }

  #end(name: ProbeName): void {
    this.#loops.get(name)?.stop()
    this.#loops.delete(name)
  }

  #startup(probe: Probe, succeeded: boolean, failures: number): void {
    if (succeeded) {
      this.#end('startup')
      this.#started = true
      this.#followLife(0)
      this.#options.onChange()
    } else if (failures >= (probe.failureThreshold ?? 3)) this.#fail('startup', probe)
  }

  /** The container is to be killed: nothing more is asked that could say so. */
  #fail(name: 'liveness' | 'startup', probe: Probe): void {
    this.#failed = { probe: name, graceSeconds: probe.terminationGracePeriodSeconds }
    this.#end(name)
    this.#options.onChange()
  }
}
