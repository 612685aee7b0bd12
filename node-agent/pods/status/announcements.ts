// Events for what no step tells of, because only the status shows it: waiting between two attempts, and a pod's
// deadline, which is told with every change for as long as the pod ends for it.
import { isDeepStrictEqual } from 'node:util'
import type { PodStatus } from '../../../api/kinds/core-v1.ts'
import { deadlineExceeded } from '../planning/ending.ts'
import type { Pod, Situation } from '../planning/situation.ts'
import { allStatuses } from './container-status.ts'

export interface Announcement {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  /** Undefined: of the pod as a whole. */
  readonly container?: string
}

/** What is to be told of a pod whose status was `before` and is `after`. */
export function announcements(
  { pod, ending }: Pick<Situation, 'pod' | 'ending'>,
  before: PodStatus | undefined,
  after: PodStatus,
): Announcement[] {
  const waits = waitsBegun(pod, before, after)
  if (ending?.failure?.reason !== deadlineExceeded || isDeepStrictEqual(before, after)) return waits
  return [...waits, { type: 'Normal', ...ending.failure }]
}

function waitsBegun(pod: Pod, before: PodStatus | undefined, after: PodStatus): Announcement[] {
  const { name, namespace, uid } = pod.metadata
  const reasonBefore = new Map(allStatuses(before).map(status => [status.name, status.state.waiting?.reason]))
  return allStatuses(after).flatMap(({ name: container, state, image }): Announcement[] => {
    const reason = state.waiting?.reason
    if (reason === reasonBefore.get(container)) return []
    switch (reason) {
      case 'CrashLoopBackOff': {
        const where = `${name}_${namespace ?? ''}(${uid})`
        const message = `Back-off restarting failed container ${container} in pod ${where}`
        return [{ type: 'Warning', reason: 'BackOff', message, container }]
      }
      case 'ImagePullBackOff':
        return [
          { type: 'Normal', reason: 'BackOff', message: `Back-off pulling image "${image}"`, container },
          { type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff', container },
        ]
      default:
        return []
    }
  })
}
