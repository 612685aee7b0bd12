// Killing and removing whole cgroups: what both versions do alike.
import { rmdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { hasCode } from '../../sys/errno.ts'
import { read, subfolders } from './files.ts'

const pollMs = 2

/** The folder and all below it, the deepest first. */
function depthFirst(folder: string): string[] {
  return [...subfolders(folder).flatMap(name => depthFirst(path.join(folder, name))), folder]
}

/** Process numbers in the folder and below; those of other PID namespaces (0) left out. */
export function processesBelow(folder: string): number[] {
  return depthFirst(folder).flatMap(each =>
    (read(each, 'cgroup.procs') ?? '')
      .split('\n')
      .map(Number)
      .filter(pid => pid > 0),
  )
}

/** Signals until nobody is left: a process may fork between two looks. @returns false when time is up first */
export async function killAll(folder: string, timeoutMs: number, killOnce: () => void): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (processesBelow(folder).length > 0) {
    killOnce()
    if (performance.now() > deadline) return false
    await delay(pollMs)
  }
  return true
}

export function signalAll(folder: string): void {
  for (const pid of processesBelow(folder)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if (!hasCode(error, 'ESRCH')) throw error
    }
  }
}

/** Removes empty cgroups; the kernel may take a moment to see that they are (EBUSY). */
export async function removeTree(folder: string, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (const each of depthFirst(folder)) {
    for (;;) {
      try {
        rmdirSync(each)
        break
      } catch (error) {
        if (hasCode(error, 'ENOENT', 'ENODEV')) break
        if (!hasCode(error, 'EBUSY') || performance.now() > deadline) throw error
        await delay(pollMs)
      }
    }
  }
}
