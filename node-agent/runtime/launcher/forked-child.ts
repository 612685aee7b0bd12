// One child of the launcher that is not a container's process yet, as the launcher holds it.
import { forkRaw } from '../../sys/clone.ts'
import { closeFd, makePipe, O_RDONLY, openDescriptors, openPath } from '../../sys/fd.ts'
import { joinNamespace, joinProcessNamespaces } from '../../sys/namespaces.ts'
import { openPidfd, processStartTime, signalPidfd, waitChild } from '../../sys/process.ts'
import { blockSignals } from '../../sys/signals.ts'
import { trySyscall } from '../../sys/syscall.ts'
import { type ChildPipes } from './child/child.ts'

const SIGKILL = 9

/**
 * What Node itself works with, as of before the launcher opened anything: a child keeps these, since V8 still signals its
 * event loop and libuv aborts when that descriptor is gone. Anything else (the lock, clients, terminals, FIFOs, other
 * children's pipes) would live on in a child that waits for its plan.
 */
const nodeDescriptors = openDescriptors()

const ownPidfd = openPidfd(process.pid)
const ownPidNamespace = openPath('/proc/self/ns/pid', O_RDONLY)

/** A descriptor of ours that is closed once, however often that is asked for: its number may be another's by then. */
class LauncherEnd {
  readonly fd: number
  #open = true

  constructor(fd: number) {
    this.fd = fd
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    closeFd(this.fd)
  }
}

export class ForkedChild {
  readonly pid: number
  readonly pidfd: number
  readonly startTime: number
  readonly #orders: LauncherEnd
  readonly #report: LauncherEnd

  constructor(pid: number, orders: LauncherEnd, report: LauncherEnd) {
    this.pid = pid
    // Our own child, not waited for yet: both exist, even if it has died already.
    this.pidfd = openPidfd(pid)
    this.startTime = processStartTime(pid) ?? 0
    this.#orders = orders
    this.#report = report
  }

  /** Where it reports; the end of it says that it has become its program, or has ended. */
  get reportFd(): number {
    return this.#report.fd
  }

  /** Hands it a frame of its orders. If it has died, its report tells. */
  order(frame: Uint8Array): void {
    for (let offset = 0; offset < frame.length; ) {
      const written = trySyscall('write', this.#orders.fd, frame.subarray(offset), frame.length - offset)
      if (written < 0) return
      offset += written
    }
  }

  /** Lets it become its program. If it has died, its report tells. */
  letGo(): void {
    trySyscall('write', this.#orders.fd, new Uint8Array(1), 1)
    this.#orders.close()
  }

  /** Ends it before it was let go. */
  abandon(): void {
    signalPidfd(this.pidfd, SIGKILL)
    waitChild(this.pid)
    closeFd(this.pidfd)
    this.closePipes()
  }

  /** The pipes only: the pidfd belongs to whoever follows the process from here. */
  closePipes(): void {
    this.#orders.close()
    this.#report.close()
  }
}

/**
 * Makes a child, which lives and ends in `live`.
 * @param pidNamespace a pidfd: that process's namespace
 */
export function forkChild(
  pidNamespace: 'new' | 'host' | { readonly pidfd: number },
  live: (pipes: ChildPipes) => void,
): ForkedChild {
  const [ordersPipe, reportPipe] = [makePipe(), makePipe()]
  const orders = new LauncherEnd(ordersPipe.writeEnd)
  const report = new LauncherEnd(reportPipe.readEnd)
  const joins = typeof pidNamespace === 'object'
  const unblock = blockSignals()
  try {
    // A joined PID namespace counts for children only, so the launcher enters it for the moment of the clone.
    if (joins) joinProcessNamespaces(pidNamespace.pidfd, ['pid'], "the container's PID namespace")
    const pid = forkRaw(pidNamespace === 'new' ? ['pid'] : [])
    if (pid === 0) {
      const [ordersFd, reportFd, launcherPidfd] = [ordersPipe.readEnd, reportPipe.writeEnd, ownPidfd]
      const keep = [...nodeDescriptors, ordersFd, reportFd, launcherPidfd]
      live({ ordersFd, reportFd, launcherPidfd, keep })
    }
    return new ForkedChild(pid, orders, report)
  } catch (error) {
    orders.close()
    report.close()
    throw error
  } finally {
    if (joins) joinNamespace(ownPidNamespace, 'pid', 'the own PID namespace')
    unblock()
    closeFd(ordersPipe.readEnd)
    closeFd(reportPipe.writeEnd)
  }
}
