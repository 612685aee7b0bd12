// Whether and when an ended container starts again. The rules are Kubernetes': the first restart comes at once, then
// the wait doubles from 10 s to 5 min, and 10 min of running forgive everything. Each container carries the wait that
// follows its own end in an annotation, so a restarted agent goes on counting where the last one stopped.
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { PodSpec } from '../../../api/kinds/core-v1/pod.ts'
import type { ObservedContainer } from '../observation/observation.ts'

const initialBackoffMs = 10_000
const maxBackoffMs = 300_000
const forgivenAfterMs = 2 * maxBackoffMs

type RestartRule = Pick<Container, 'restartPolicy' | 'restartPolicyRules'>

/** Whether a container that ended so shall run again: its rules, then its own policy, then the pod's. */
export function shouldRestart(spec: Pick<PodSpec, 'restartPolicy'>, container: RestartRule, exitCode: number): boolean {
  for (const { action, exitCodes } of container.restartPolicyRules ?? []) {
    const listed = exitCodes?.values?.includes(exitCode) ?? false
    if (exitCodes !== undefined && action === 'Restart' && listed === (exitCodes.operator === 'In')) return true
  }
  switch (container.restartPolicy ?? spec.restartPolicy ?? 'Always') {
    case 'Never':
      return false
    case 'OnFailure':
      return exitCode !== 0
    default:
      return true
  }
}

/** The pod's policy as it holds for init containers: those of a pod that always restarts are repeated until they succeed. */
export const initPolicy = (spec: Pick<PodSpec, 'restartPolicy'>): { restartPolicy: 'Never' | 'OnFailure' } => ({
  restartPolicy: spec.restartPolicy === 'Never' ? 'Never' : 'OnFailure',
})

/** An init container that keeps running beside the pod's containers. */
export const isSidecar = (container: Pick<Container, 'restartPolicy'>): boolean => container.restartPolicy === 'Always'

const forgiven = ({ startedAtMs, finishedAtMs }: ObservedContainer): boolean =>
  startedAtMs > 0 && finishedAtMs - startedAtMs >= forgivenAfterMs

/** How long to wait after this container's end. */
export const restartWaitMs = (ended: ObservedContainer): number => (forgiven(ended) ? 0 : ended.backoffMs)

/** When the next one may start, in milliseconds since 1970. */
export const restartAtMs = (ended: ObservedContainer): number => ended.finishedAtMs + restartWaitMs(ended)

/** The wait to write on the container that starts in the place of this one (undefined: the first of its name). */
export function nextBackoffMs(ended: ObservedContainer | undefined): number {
  if (ended === undefined) return 0
  return Math.min(maxBackoffMs, Math.max(initialBackoffMs, 2 * restartWaitMs(ended)))
}
