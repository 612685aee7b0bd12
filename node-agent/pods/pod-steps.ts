// The steps of one pod that are under way: beside each other, each subject at most once at a time. What they learn and
// what they fail for is in the memory that the next plan is made from.

import type { Pod } from './planning/situation.ts'
import { failureKeyOf, type Step, subjectOf } from './planning/step.ts'
import type { Context } from './steps/context.ts'
import { execute } from './steps/execute.ts'
import { PodMemory } from './steps/pod-memory.ts'
import { isAway, messageOf, StepError } from './steps/step-error.ts'

export interface PodStepsOptions {
  readonly context: Context
  readonly pod: () => Pod
  /** Aborts when the pod begins to end. */
  readonly starting: AbortSignal
  /** A step has ended, well or not. */
  readonly onEnd: (step: Step, succeeded: boolean) => void
}

export class PodSteps {
  readonly #options: PodStepsOptions
  readonly memory: PodMemory
  readonly #busy = new Map<string, Step>()
  #stopped = false

  constructor(options: PodStepsOptions) {
    this.#options = options
    this.memory = new PodMemory(options.context.clock.now())
  }

  /** By their subject. */
  get underWay(): ReadonlyMap<string, Step> {
    return this.#busy
  }

  /** What steps fail for is told no more. */
  stop(): void {
    this.#stopped = true
  }

  async launch(step: Step): Promise<void> {
    const { context, pod, starting, onEnd } = this.#options
    const subject = subjectOf(step)
    this.#busy.set(subject, step)
    // Not before this turn has reported: a step may wait for that report to be written.
    await Promise.resolve()
    const before = context.clock.now()
    let succeeded = false
    try {
      await execute(context, pod(), step, this.memory, starting)
      this.memory.succeeded(step)
      const { name } = pod().metadata
      context.log.debug({ pod: name, step: step.kind, tookMs: context.clock.now() - before }, 'step done')
      succeeded = true
    } catch (error) {
      if (!this.#stopped) this.#failed(step, error)
    } finally {
      this.#busy.delete(subject)
      onEnd(step, succeeded)
    }
  }

  #failed(step: Step, error: unknown): void {
    const { clock, log } = this.#options.context
    const reason = error instanceof StepError ? error.reason : 'StepFailed'
    const away = isAway(error)
    this.memory.failed(step, reason, messageOf(error), clock.now(), away)
    const { name, namespace } = this.#options.pod().metadata
    const retryAtMs = this.memory.failures.get(failureKeyOf(step))?.retryAtMs ?? 0
    const told = error instanceof StepError ? { reason, message: error.message } : { err: error }
    const details = { ...told, pod: `${namespace ?? ''}/${name}`, step, retryMs: retryAtMs - clock.now() }
    if (away) log.debug(details, 'step not tried')
    else log.warn(details, 'step failed')
  }
}
