// Mounts through mount(8) and umount(8): few volumes need any, and none is on the path of a usual pod's start.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'

const run = promisify(execFile)

export async function mountTmpfs(target: string, options: readonly string[]): Promise<void> {
  await run('mount', ['-t', 'tmpfs', '-o', options.join(','), 'tmpfs', target])
}

export async function bindMount(source: string, target: string): Promise<void> {
  await run('mount', ['--bind', source, target])
}

/** Unmounts all given, whoever still uses them: their last user ends them. */
export async function unmount(targets: readonly string[]): Promise<void> {
  if (targets.length > 0) await run('umount', ['--lazy', ...targets])
}

/** Mount points at or below a directory, the deepest first; of several on one place, each. */
export function mountsBelow(directory: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map(line => unescape(line.split(' ')[4] ?? ''))
    .filter(point => point === directory || point.startsWith(`${directory}/`))
    .reverse()
}

export const isMountPoint = (directory: string): boolean => mountsBelow(directory).includes(directory)

/** The kernel writes space, tab, newline and backslash as octal: proc_pid_mountinfo(5). */
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
