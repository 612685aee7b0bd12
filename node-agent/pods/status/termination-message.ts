// A container's last words: what it wrote to its termination file or, if its policy says so and it failed, the end of
// its log. https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { parseCriLine } from '../../session/cri-line.ts'
import { terminationFile } from '../configuration/mounts.ts'
import type { ObservedContainer } from '../observation/observation.ts'
import { appContainers, initContainers, type Pod } from '../planning/situation.ts'

/** Kubernetes' limits: of a file the end is read, of a log the end of its last lines. */
const mostFileBytes = 4096
const mostLogBytes = 2048
const mostLogLines = 80
/** All messages of a pod together. */
const mostPodBytes = 12 * 1024

/** The most that a line of a log takes beside its content, and the most content of one (runtimes break longer lines). */
const lineOverheadBytes = 64
const longestLineBytes = 16 * 1024

/** An ended container with what it said of its end, behind what the runtime says of it. */
export function withTerminationMessage(podDir: string, container: ObservedContainer): ObservedContainer {
  const written = tail(terminationFile(podDir, container.name, container.attempt), mostFileBytes).toString('utf8')
  const said = written === '' && fallsBack(container) ? lastWords(container.logPath) : written
  return said === '' ? container : { ...container, message: [container.message, said].filter(Boolean).join(': ') }
}

/** What of a message is reported: each container of the pod has the same share, and of longer ones the beginning. */
export function reportedMessage(pod: Pod, message: string): string {
  const ephemeral = pod.spec.ephemeralContainers?.length ?? 0
  const share = Math.floor(mostPodBytes / (initContainers(pod).length + appContainers(pod).length + ephemeral))
  const bytes = Buffer.from(message)
  return bytes.length <= share ? message : bytes.toString('utf8', 0, share)
}

/** What could not be run has no log. */
const fallsBack = ({ terminationMessagePolicy, exitCode, reason }: ObservedContainer): boolean =>
  terminationMessagePolicy === 'FallbackToLogsOnError' && exitCode !== 0 && reason !== 'ContainerCannotRun'

/** The end of a log in CRI's format, without its times and stream names. */
function lastWords(logPath: string): string {
  const enough = mostLogBytes + mostLogLines * lineOverheadBytes + longestLineBytes
  const bytes = tail(logPath, enough)
  const lines: Buffer[] = []
  for (let start = 0, end: number; (end = bytes.indexOf('\n', start)) >= 0; start = end + 1) {
    const line = parseCriLine(bytes.subarray(start, end))
    if (line) lines.push(line.partial ? line.content : Buffer.concat([line.content, Buffer.from('\n')]))
  }
  return Buffer.concat(lines.slice(-mostLogLines)).subarray(-mostLogBytes).toString('utf8')
}

/** The end of a file; empty when nothing was written, or it is gone. */
function tail(file: string, mostBytes: number): Buffer {
  let fd: number
  try {
    fd = openSync(file, 'r')
  } catch {
    return Buffer.alloc(0)
  }
  try {
    const { size } = fstatSync(fd)
    const buffer = Buffer.alloc(Math.min(size, mostBytes))
    return buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, size - buffer.length))
  } finally {
    closeSync(fd)
  }
}
