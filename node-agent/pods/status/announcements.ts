// Events for what no step tells of, because only the status shows it: waiting between two attempts.
import type { PodStatus } from '../../../api/kinds/core-v1/pod-status.ts'
import type { Pod } from '../planning/situation.ts'
import { allStatuses } from './container-status.ts'

export interface Announcement {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  readonly container: string
}

/** What is to be told of a pod whose status was `before` and is `after`. */
export function announcements(pod: Pod, before: PodStatus | undefined, after: PodStatus): Announcement[] {
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
