// The phase of a pod, from how its containers are: the kubelet's rules (getPhase in pkg/kubelet/kubelet_pods.go).
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { ContainerState, ContainerStatus } from '../../../api/kinds/core-v1/container-status.ts'
import type { PodStatus } from '../../../api/kinds/core-v1/pod-status.ts'
import { isSidecar, shouldRestart } from '../planning/restart.ts'
import { appContainers, initContainers, type Pod } from '../planning/situation.ts'

type Phase = NonNullable<PodStatus['phase']>

/** The phases that no pod leaves. */
export const isFinal = (phase: PodStatus['phase']): boolean => phase === 'Succeeded' || phase === 'Failed'

interface Reported {
  readonly container: Container
  readonly status: ContainerStatus
}

/**
 * @param init the statuses of init containers, in the order of the spec; `app` those of the pod's own
 * @param initialized whether its init containers are behind it
 * @param over nothing of the pod runs, nor will
 */
export function podPhase(
  pod: Pod,
  init: readonly ContainerStatus[],
  app: readonly ContainerStatus[],
  initialized: boolean,
  over: boolean,
): Phase {
  const { spec } = pod
  const all = reported(initContainers(pod), init)
  const steps = all.filter(({ container }) => !isSidecar(container))
  const sidecars = all.filter(({ container }) => isSidecar(container))
  const own = reported(appContainers(pod), app)

  const ends = ({ container, status }: Reported): boolean => {
    const exitCode = ended(status)?.exitCode
    return exitCode !== undefined && !shouldRestart(spec, container, exitCode)
  }
  if (steps.some(step => ended(step.status)?.exitCode !== 0 && ends(step))) return 'Failed'
  const initializing =
    steps.some(({ status }) => status.state.running !== undefined || ended(status) === undefined) ||
    (!initialized && sidecars.some(({ status }) => !status.started && !isStopped(status)))
  if (initializing || [...sidecars, ...own].some(({ status }) => waitsForFirst(status))) return 'Pending'
  if ([...sidecars, ...own].some(({ status }) => status.state.running)) return 'Running'
  if (own.length === 0) return 'Pending'
  if (!over && !own.every(ends)) return 'Running'
  return own.every(({ status }) => status.state.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed'
}

function reported(containers: readonly Container[], statuses: readonly ContainerStatus[]): Reported[] {
  return containers.flatMap((container, index) => {
    const status = statuses[index]
    return status ? [{ container, status }] : []
  })
}

/** How it ended last, if it does not run. */
const ended = ({ state, lastState }: ContainerStatus): ContainerState['terminated'] =>
  state.running ? undefined : (state.terminated ?? lastState.terminated)

/** A sidecar that has ended, or waits to be started again, holds nobody back. */
const isStopped = (status: ContainerStatus): boolean => ended(status) !== undefined

const waitsForFirst = ({ state, lastState }: ContainerStatus): boolean =>
  state.waiting !== undefined && lastState.terminated === undefined
