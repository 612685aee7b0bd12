// Why a container that lives is to be killed and made anew, in the kubelet's words.
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { ObservedContainer } from '../observation/observation.ts'
import { containerHash } from './container-hash.ts'
import { graceSecondsOf } from './ending.ts'
import { initContainers, type Situation } from './situation.ts'
import type { KillReason } from './step.ts'
import { unhealthyEnd } from './unhealthy.ts'

export interface Complaint {
  readonly reason: KillReason
  /** For the Killing event. */
  readonly message: string
  readonly graceSeconds: number
}

export function complaintOf(situation: Situation, spec: Container, here: ObservedContainer): Complaint | undefined {
  const { pod, health } = situation
  const graceSeconds = graceSecondsOf(pod)
  const isInit = initContainers(pod).includes(spec)
  if (here.state === 'unknown') {
    const what = isInit ? 'Init container' : 'Container'
    const message = `${what} is in "unknown" state, try killing it before restart`
    return { reason: 'unknownState', message, graceSeconds }
  }
  if (here.hash !== containerHash(spec)) {
    const message = isInit
      ? `Init container ${spec.name} definition changed`
      : `Container ${spec.name} definition changed, will be restarted`
    return { reason: 'specChanged', message, graceSeconds }
  }
  const { failed } = health(here.id)
  return failed && { reason: 'unhealthy', ...unhealthyEnd(situation, spec, failed) }
}

/** What is said of containers that end because their pod does. */
export const stopping = (name: string): string => `Stopping container ${name}`
