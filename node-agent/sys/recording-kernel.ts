// A stand-in for the kernel that does nothing and remembers everything, for running plans without effect.

import { type Argument, type Kernel } from './syscall.ts'
import { type SyscallName } from './syscall-numbers.ts'

export interface RecordedCall {
  readonly name: SyscallName
  readonly args: readonly Argument[]
}

/** Calls that answer with a new descriptor. */
const openers: ReadonlySet<SyscallName> = new Set<SyscallName>([
  'openat',
  'openat2',
  'open_tree',
  'fsopen',
  'fsmount',
  'pidfd_open',
  'pidfd_getfd',
  'ioctl',
])

export interface RecordingKernel {
  readonly kernel: Kernel
  readonly calls: readonly RecordedCall[]
}

/**
 * @param descriptor what every opening call answers; a real one where code also uses Node's fs on it
 * @param answer results (or negated errnos) that differ from success
 */
export function recordingKernel(
  descriptor: number,
  answer: (call: RecordedCall) => number | undefined = () => undefined,
): RecordingKernel {
  const calls: RecordedCall[] = []
  return {
    calls,
    kernel: (name, args) => {
      const call = { name, args }
      calls.push(call)
      return answer(call) ?? (openers.has(name) ? descriptor : 0)
    },
  }
}
