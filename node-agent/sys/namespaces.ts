// namespaces(7).
import { closeFd, O_RDONLY, openPath } from './fd.ts'
import { syscallOn } from './syscall.ts'

export type Namespace = 'cgroup' | 'ipc' | 'mnt' | 'net' | 'pid' | 'user' | 'uts'

const flags: Readonly<Record<Namespace, number>> = {
  mnt: 0x00020000,
  cgroup: 0x02000000,
  uts: 0x04000000,
  ipc: 0x08000000,
  user: 0x10000000,
  pid: 0x20000000,
  net: 0x40000000,
}

export function namespaceFlags(namespaces: readonly Namespace[]): number {
  return namespaces.reduce((sum, name) => sum | flags[name], 0)
}

/** unshare(2): acts on the calling thread. */
export function unshare(namespaces: readonly Namespace[]): void {
  syscallOn('unshare', namespaces.join('+'), namespaceFlags(namespaces))
}

/** setns(2) with a namespace's descriptor: acts on the calling thread. */
export function joinNamespace(fd: number, namespace: Namespace, subject: string): void {
  syscallOn('setns', subject, fd, flags[namespace])
}

export function joinNamespaceFile(path: string, namespace: Namespace): void {
  const fd = openPath(path, O_RDONLY)
  try {
    joinNamespace(fd, namespace, path)
  } finally {
    closeFd(fd)
  }
}

/** setns(2) into several namespaces of a process at once. */
export function joinProcessNamespaces(pidfd: number, namespaces: readonly Namespace[], subject: string): void {
  syscallOn('setns', subject, pidfd, namespaceFlags(namespaces))
}

/**
 * Runs synchronous code with the calling thread in other namespaces, and moves it back. When it can't be moved back, the
 * process must not go on: it would work in the wrong place.
 */
export function within<T>(namespaces: readonly Namespace[], enter: () => void, action: () => T): T {
  const own = namespaces.map(name => ({ name, fd: openPath(`/proc/thread-self/ns/${name}`, O_RDONLY) }))
  try {
    enter()
    return action()
  } finally {
    for (const { name, fd } of own) {
      try {
        joinNamespace(fd, name, `back into the ${name} namespace`)
      } catch (error) {
        process.stderr.write(`cannot return to the own ${name} namespace: ${String(error)}\n`)
        process.abort()
      }
      closeFd(fd)
    }
  }
}

export function setHostname(name: string): void {
  const bytes = Buffer.from(name)
  syscallOn('sethostname', name, bytes, bytes.length)
}
