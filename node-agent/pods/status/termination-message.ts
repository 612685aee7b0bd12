// A container's last words: what it wrote to its termination file or, if its policy says so and it failed, the end of
// its log. https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { terminationFile } from '../configuration/mounts.ts'
import type { ObservedContainer } from '../observation/observation.ts'

/** Kubernetes' limits. */
const mostFileBytes = 4096
const mostLogBytes = 2048
const mostLogLines = 80

export function withTerminationMessage(podDir: string, container: ObservedContainer): ObservedContainer {
  const written = head(terminationFile(podDir, container.name, container.attempt), mostFileBytes)
  if (written !== '') return { ...container, message: written }
  const fallsBack = container.terminationMessagePolicy === 'FallbackToLogsOnError' && container.exitCode !== 0
  const said = fallsBack ? lastWords(container.logPath) : ''
  return said === '' ? container : { ...container, message: said }
}

function head(file: string, bytes: number): string {
  return read(file, size => ({ at: 0, length: Math.min(size, bytes) })).toString('utf8')
}

/** The end of a log in CRI's format, without its times and stream names. */
function lastWords(logPath: string): string {
  // Each line of the log carries some 45 bytes of its own, and lines are rarely that short.
  const window = mostLogBytes + mostLogLines * 64
  const tail = read(logPath, size => ({ at: Math.max(0, size - window), length: Math.min(size, window) }))
  const lines = tail
    .toString('utf8')
    .split('\n')
    .flatMap(line => /^\S+ (?:stdout|stderr) ([FP])\S* ?(.*)$/.exec(line)?.slice(1) ?? [])
  let text = ''
  for (let index = 0; index + 1 < lines.length; index += 2) {
    text += `${lines[index + 1] ?? ''}${lines[index] === 'F' ? '\n' : ''}`
  }
  const kept = text
    .split('\n')
    .slice(-mostLogLines - 1)
    .join('\n')
  return Buffer.from(kept).subarray(-mostLogBytes).toString('utf8')
}

function read(file: string, part: (size: number) => { readonly at: number; readonly length: number }): Buffer {
  let fd: number
  try {
    fd = openSync(file, 'r')
  } catch {
    return Buffer.alloc(0) // Nothing was written, or it is gone.
  }
  try {
    const { at, length } = part(fstatSync(fd).size)
    const buffer = Buffer.alloc(length)
    return buffer.subarray(0, readSync(fd, buffer, 0, length, at))
  } finally {
    closeSync(fd)
  }
}
