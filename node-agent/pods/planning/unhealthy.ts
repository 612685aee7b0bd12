// How a container ends whose liveness or startup probe failed (computePodActions in pkg/kubelet/kuberuntime).
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { PodSpec } from '../../../api/kinds/core-v1/pod.ts'
import { newest } from '../observation/observation.ts'
import { graceSecondsOf } from './ending.ts'
import { shouldRestart } from './restart.ts'
import { appContainers, type Health, initContainers, type Situation } from './situation.ts'

interface UnhealthyEnd {
  readonly message: string
  readonly graceSeconds: number
}

/**
 * A probe's own grace period holds where the container ends alone: because it will be restarted, or because others go
 * on. Where nothing of the pod goes on, it is the pod that ends.
 */
export function unhealthyEnd(
  situation: Situation,
  container: Container,
  { probe, graceSeconds }: NonNullable<Health['failed']>,
): UnhealthyEnd {
  const { pod } = situation
  const podGraceSeconds = graceSecondsOf(pod)
  const alone = (message: string): UnhealthyEnd => ({ message, graceSeconds: graceSeconds ?? podGraceSeconds })
  const isInit = initContainers(pod).some(({ name }) => name === container.name)
  if (isInit) return alone(`Init container ${container.name} failed ${probe} probe`)
  const what = `Container ${container.name} failed ${probe} probe`
  if (restartsOnFailure(pod.spec, container)) return alone(`${what}, will be restarted`)
  const others = appContainers(pod).filter(({ name }) => name !== container.name)
  if (others.some(other => goesOn(situation, other))) return alone(what)
  return { message: `Stopping container ${container.name}`, graceSeconds: podGraceSeconds }
}

/** How a container that a probe has killed will have failed is not asked: rules about exit codes are not looked at. */
const restartsOnFailure = (spec: PodSpec, { restartPolicy }: Container): boolean =>
  (restartPolicy ?? spec.restartPolicy) !== 'Never'

/** Whether a container runs and will, or will be started. */
function goesOn({ pod, observed, health }: Situation, container: Container): boolean {
  const last = newest(observed, container.name)
  if (last?.state === 'running') return health(last.id).failed === undefined || restartsOnFailure(pod.spec, container)
  return last?.state !== 'exited' || shouldRestart(pod.spec, container, last.exitCode)
}
