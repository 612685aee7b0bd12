// What is said of the containers of a pod that is over and of which nobody can say how they ended: that they failed, so
// that a pod is never called successful by mistake (the kubelet's TerminatePod). Where initialisation did not come to
// its end, the containers behind it never began, and stay waiting.
import type { ContainerStatus } from '../../../api/kinds/core-v1/container-status.ts'
import { newest } from '../observation/observation.ts'
import { appContainers, initContainers, type Situation } from '../planning/situation.ts'
import { notLocated } from './container-state.ts'
import { allStatuses } from './container-status.ts'
import { isFinal } from './phase.ts'

export function terminatedStatuses(
  situation: Situation,
  init: readonly ContainerStatus[],
  app: readonly ContainerStatus[],
): { readonly init: readonly ContainerStatus[]; readonly app: readonly ContainerStatus[] } {
  const { pod } = situation
  if (isFinal(pod.status.phase)) {
    const told = new Map(allStatuses(pod.status).map(status => [status.name, status.state]))
    const asTold = (status: ContainerStatus): ContainerStatus =>
      status.state.terminated ? status : { ...status, state: told.get(status.name) ?? status.state }
    return { init: init.map(asTold), app: app.map(asTold) }
  }
  // Init containers begin one after the other: the last that did marks those before it; the first is always due.
  const begun = init.findLastIndex(({ state, lastState }) => !state.waiting || lastState.terminated)
  return {
    init: init.map((status, index) => (index <= Math.max(begun, 0) ? located(status) : status)),
    app: hadInitialized(situation) ? app.map(located) : app,
  }
}

const located = (status: ContainerStatus): ContainerStatus =>
  status.state.terminated ? status : { ...status, state: { terminated: notLocated } }

/** Whether its initialisation had come to its end before the pod began to. */
function hadInitialized({ pod, observed, ending }: Situation): boolean {
  const last = initContainers(pod).at(-1)
  if (last === undefined || appContainers(pod).some(({ name }) => newest(observed, name))) return true
  const record = newest(observed, last.name)
  return record?.state === 'exited' && record.exitCode === 0 && record.finishedAtMs <= (ending?.sinceMs ?? 0)
}
