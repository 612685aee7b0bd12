// Why a container that lives is to be killed and made anew, in the kubelet's words.
import type { Container } from '../../../api/kinds/core-v1.ts'
import type { ObservedContainer } from '../observation/observation.ts'
import { containerHash } from './container-hash.ts'
import type { Health, Pod } from './situation.ts'
import type { KillReason } from './step.ts'

export interface Complaint {
  readonly reason: KillReason
  /** For the Killing event. */
  readonly message: string
  /** Whether the container will be made anew. */
  readonly comesAgain: boolean
  /** Undefined: as long as the pod grants its containers. */
  readonly graceSeconds?: number | undefined
}

/** @param init whether it is one of the pod's init containers: of those it is not told that they come again */
export function complaintOf(
  pod: Pod,
  spec: Container,
  init: boolean,
  here: ObservedContainer,
  health: (containerId: string) => Health,
): Complaint | undefined {
  const kind = init ? 'Init container' : 'Container'
  const restarted = init ? '' : ', will be restarted'
  if (here.state === 'unknown') {
    const message = `${kind} is in "unknown" state, try killing it before restart`
    return { reason: 'unknownState', message, comesAgain: true }
  }
  if (here.state !== 'running') return undefined
  if (here.hash !== containerHash(spec)) {
    const message = `${kind} ${spec.name} definition changed${restarted}`
    return { reason: 'specChanged', message, comesAgain: true }
  }
  const { failed } = health(here.id)
  if (failed === undefined) return undefined
  const comesAgain = (spec.restartPolicy ?? pod.spec.restartPolicy) !== 'Never'
  const message = `${kind} ${spec.name} failed ${failed.probe} probe${comesAgain ? restarted : ''}`
  return { reason: 'unhealthy', message, comesAgain, graceSeconds: failed.graceSeconds }
}

/** What is said of containers that end because their pod does. */
export const stopping = (name: string): string => `Stopping container ${name}`
