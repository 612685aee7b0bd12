// One child of the launcher that is not a container's process yet, as the launcher holds it.
import { forkRaw } from '../../sys/clone.ts'
import { closeFd, makePipe, O_RDONLY, openPath } from '../../sys/fd.ts'
import { joinNamespace, joinProcessNamespaces } from '../../sys/namespaces.ts'
import { openPidfd, processStartTime } from '../../sys/process.ts'
import { blockSignals } from '../../sys/signals.ts'
import { trySyscall } from '../../sys/syscall.ts'
import { type ProcessPlan } from '../container/plan.ts'
import { type ChildPipes } from './child/child.ts'
import { type PlanOrdered } from './child/orders.ts'
import { encodeFrame } from './frames.ts'

export interface ForkedChild {
  readonly pid: number
  readonly pidfd: number
  readonly startTime: number
  /** Where it reports; the reader closes it. */
  readonly reportFd: number
  readonly ordersFd: number
}

const ownPidfd = openPidfd(process.pid)
const ownPidNamespace = openPath('/proc/self/ns/pid', O_RDONLY)

/** The launcher's ends of its children's pipes: no other child may keep copies of them. */
const launcherEnds = new Set<number>()

/**
 * Makes a child, which lives and ends in `live`.
 * @param pidNamespace a pidfd: that process's namespace
 */
export function forkChild(
  pidNamespace: Exclude<ProcessPlan['pidNamespace'], object> | { readonly pidfd: number },
  live: (pipes: ChildPipes) => void,
): ForkedChild {
  const [orders, report] = [makePipe(), makePipe()]
  launcherEnds.add(orders.writeEnd).add(report.readEnd)
  const unblock = blockSignals()
  const joins = typeof pidNamespace === 'object'
  // A joined PID namespace counts for children only, so the launcher enters it for the moment of the clone.
  try {
    if (joins) joinProcessNamespaces(pidNamespace.pidfd, ['pid'], "the container's PID namespace")
    const pid = forkRaw(pidNamespace === 'new' ? ['pid'] : [])
    if (pid === 0) {
      const foreignFds = [...launcherEnds]
      live({ ordersFd: orders.readEnd, reportFd: report.writeEnd, foreignFds, launcherPidfd: ownPidfd })
    }
    // Our own child, not waited for yet: both exist, even if it has died already.
    const startTime = processStartTime(pid) ?? 0
    return { pid, pidfd: openPidfd(pid), startTime, reportFd: report.readEnd, ordersFd: orders.writeEnd }
  } catch (error) {
    closeLauncherEnd(orders.writeEnd)
    closeLauncherEnd(report.readEnd)
    throw error
  } finally {
    if (joins) joinNamespace(ownPidNamespace, 'pid', 'the own PID namespace')
    unblock()
    closeFd(orders.readEnd)
    closeFd(report.writeEnd)
  }
}

export function closeLauncherEnd(fd: number): void {
  if (launcherEnds.delete(fd)) closeFd(fd)
}

/** Hands the child its plan. False when it has died. */
export function orderPlan(child: ForkedChild, order: PlanOrdered): boolean {
  const frame = encodeFrame(order)
  for (let offset = 0; offset < frame.length; ) {
    const written = trySyscall('write', child.ordersFd, frame.subarray(offset), frame.length - offset)
    if (written < 0) return false
    offset += written
  }
  return true
}

/** Lets the child become its program. If it has died, its report tells. */
export function letGo(child: ForkedChild): void {
  trySyscall('write', child.ordersFd, new Uint8Array(1), 1)
  closeLauncherEnd(child.ordersFd)
}
