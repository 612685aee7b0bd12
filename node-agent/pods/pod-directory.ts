// What the rest of the agent may ask of the pods that run here.
import type { PodStatus } from '../../api/kinds/core-v1/pod-status.ts'
import type { PodObservation } from './observation/observation.ts'
import type { Pod } from './planning/situation.ts'

export interface FoundPod {
  readonly pod: Pod
  /** As reported last. */
  readonly status: PodStatus
  readonly observed: PodObservation
}

export interface PodDirectory {
  find(namespace: string, name: string): FoundPod | undefined
  /** Resolves when something about the pod has changed, or the signal aborts. */
  changed(uid: string, signal: AbortSignal): Promise<void>
}
