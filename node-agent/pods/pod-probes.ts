// The probes of one pod: for every running container that has some, from its start to its end.
import type { PodStatus } from '../../api/kinds/core-v1/pod-status.ts'
import { ContainerProbes, type ProbeName } from '../probes/container-probes.ts'
import type { Outcome } from '../probes/outcome.ts'
import type { ObservedContainer } from './observation/observation.ts'
import { appContainers, type Health, initContainers, type Pod } from './planning/situation.ts'
import type { Step } from './planning/step.ts'
import { containerUrl } from './status/container-state.ts'
import { allStatuses } from './status/container-status.ts'
import type { Context } from './steps/context.ts'
import { fieldPath } from './steps/field-path.ts'
import { probeTarget } from './steps/probe-target.ts'

export interface PodProbesOptions {
  readonly context: Context
  readonly pod: () => Pod
  /** What was reported of the pod last, by this agent or the one before. */
  readonly told: () => PodStatus | undefined
  /** A container's health changed. */
  readonly onChange: () => void
}

const healthy: Health = { started: true, ready: true, failed: undefined }

export class PodProbes {
  readonly #options: PodProbesOptions
  /** By container id. */
  readonly #probes = new Map<string, ContainerProbes>()
  /** As this agent found the pod: what ran then, an agent before it may have probed. */
  #found: PodStatus | undefined

  constructor(options: PodProbesOptions) {
    this.#options = options
  }

  health(containerId: string): Health {
    return this.#probes.get(containerId)?.health ?? healthy
  }

  /**
   * Begins to probe the containers that run by now, and stops where one runs no more. Until its postStart hook has ended,
   * a container is still being started.
   * @param underWay steps, by their subject
   * @param ending the pod ends: no probe kills its containers
   */
  tend(underWay: ReadonlyMap<string, Step>, ending: boolean): void {
    const { context, pod, told } = this.#options
    this.#found ??= told()
    const { containers } = context.view.observed(pod().metadata.uid)
    const runs = ({ name, state }: ObservedContainer): boolean =>
      state === 'running' && underWay.get(`container/${name}`)?.kind !== 'startContainer'
    const running = new Map(containers.filter(runs).map(record => [record.id, record]))
    for (const [id, probes] of this.#probes) {
      if (running.has(id)) continue
      probes.stop()
      this.#probes.delete(id)
    }
    for (const [id, record] of running) if (!this.#probes.has(id)) this.#begin(record)
    if (ending) for (const probes of this.#probes.values()) probes.endKilling()
  }

  stop(): void {
    for (const probes of this.#probes.values()) probes.stop()
  }

  #begin({ id, name, startedAtMs }: ObservedContainer): void {
    const { context, onChange } = this.#options
    const pod = this.#options.pod()
    const container = [...initContainers(pod), ...appContainers(pod)].find(spec => spec.name === name)
    if (!container?.startupProbe && !container?.readinessProbe && !container?.livenessProbe) return
    const before = allStatuses(this.#found).find(status => status.containerID === containerUrl(id))
    const probes = new ContainerProbes({
      container,
      target: probeTarget(context, pod, container, id),
      clock: context.clock,
      startedAtMs,
      before: before && { started: before.started ?? false, ready: before.ready },
      onChange,
      onOutcome: (probe, outcome) => this.#tell(name, probe, outcome),
    })
    this.#probes.set(id, probes)
  }

  #tell(container: string, probe: ProbeName, { result, errored, output }: Outcome): void {
    if (result === 'success') return
    const pod = this.#options.pod()
    const what = `${probe[0]?.toUpperCase() ?? ''}${probe.slice(1)} probe`
    const reason = result === 'warning' ? 'ProbeWarning' : 'Unhealthy'
    const how = errored ? `errored and resulted in ${result} state` : result === 'warning' ? 'warning' : 'failed'
    this.#options.context.events.record(pod, 'Warning', reason, `${what} ${how}: ${output}`, fieldPath(pod, container))
  }
}
