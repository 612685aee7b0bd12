// The program that is process 1 of a pod whose containers share a PID namespace. It outlives every container of the pod,
// takes in their orphans, and does nothing, in some twenty instructions: once execve(2) has put it in the place of the
// launcher's copy, nothing of the launcher's memory is left for a container with CAP_SYS_PTRACE to read, and a pod's init
// costs a page or two. No system has a program like it that could be relied on, so it is made here.
//
// The kernel reaps the children of a process that ignores SIGCHLD (wait(2)), orphans included, so nothing has to be
// waited for. Every other signal keeps its default action, which for process 1 of a namespace means that only SIGKILL
// from outside ends it (pid_namespaces(7)).
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { hasCode } from '../../sys/errno.ts'

interface Machine {
  /** e_machine of elf(5). */
  readonly number: number
  readonly code: readonly number[]
}

/** struct kernel_sigaction: SIG_IGN, no flags, no restorer, no mask. It follows the code. */
const ignore = [1, ...Array.from({ length: 31 }, () => 0)]

const machines: Readonly<Record<string, Machine>> = {
  x64: {
    number: 62,
    code: [
      ...[0x48, 0x8d, 0x35, 0x1d, 0x00, 0x00, 0x00], // lea rsi, [rip + ignore]
      ...[0xbf, 0x11, 0x00, 0x00, 0x00], //             mov edi, SIGCHLD
      ...[0x31, 0xd2], //                               xor edx, edx
      ...[0x41, 0xba, 0x08, 0x00, 0x00, 0x00], //       mov r10d, 8 (bytes of a signal mask)
      ...[0xb8, 0x0d, 0x00, 0x00, 0x00], //             mov eax, rt_sigaction
      ...[0x0f, 0x05], //                               syscall
      ...[0xb8, 0x22, 0x00, 0x00, 0x00], //       loop: mov eax, pause
      ...[0x0f, 0x05], //                               syscall
      ...[0xeb, 0xf7], //                               jmp loop
    ],
  },
  arm64: {
    number: 183,
    code: [
      ...[0xa1, 0x01, 0x00, 0x10], //       adr x1, ignore
      ...[0x20, 0x02, 0x80, 0xd2], //       mov x0, SIGCHLD
      ...[0xe2, 0x03, 0x1f, 0xaa], //       mov x2, xzr
      ...[0x03, 0x01, 0x80, 0xd2], //       mov x3, 8 (bytes of a signal mask)
      ...[0xc8, 0x10, 0x80, 0xd2], //       mov x8, rt_sigaction
      ...[0x01, 0x00, 0x00, 0xd4], //       svc 0
      ...[0xe0, 0x03, 0x1f, 0xaa], // loop: mov x0, xzr
      ...[0xe1, 0x03, 0x1f, 0xaa], //       mov x1, xzr
      ...[0xe2, 0x03, 0x1f, 0xaa], //       mov x2, xzr
      ...[0xe3, 0x03, 0x1f, 0xaa], //       mov x3, xzr
      ...[0x28, 0x09, 0x80, 0xd2], //       mov x8, ppoll
      ...[0x01, 0x00, 0x00, 0xd4], //       svc 0
      ...[0xfa, 0xff, 0xff, 0x17], //       b loop
    ],
  },
}

const headerBytes = 64
const segmentBytes = 56
const loadAddress = 0x400000n
const ET_EXEC = 2
const PT_LOAD = 1
const PT_GNU_STACK = 0x6474e551
const [executable, writable, readable] = [1, 2, 4]

/** A whole static executable, elf(5). Pure. @param arch Node's name. @throws Error for other than x86-64 and arm64 */
export function pauseProgram(arch: string = process.arch): Buffer {
  const machine = machines[arch]
  if (!machine) throw new Error(`no pause program for ${arch}: containers need x86-64 or arm64`)
  const entry = headerBytes + 2 * segmentBytes
  const text = Buffer.from([...machine.code, ...ignore])
  const file = Buffer.alloc(entry + text.length)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]) // 64 bits, little-endian, version 1
  file.writeUInt16LE(ET_EXEC, 16)
  file.writeUInt16LE(machine.number, 18)
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(loadAddress + BigInt(entry), 24)
  file.writeBigUInt64LE(BigInt(headerBytes), 32)
  file.writeUInt16LE(headerBytes, 52)
  file.writeUInt16LE(segmentBytes, 54)
  file.writeUInt16LE(2, 56)
  writeSegment(file, headerBytes, PT_LOAD, readable | executable, file.length)
  // Says that the stack holds no code.
  writeSegment(file, headerBytes + segmentBytes, PT_GNU_STACK, readable | writable, 0)
  text.copy(file, entry)
  return file
}

function writeSegment(file: Buffer, at: number, type: number, flags: number, bytes: number): void {
  const largestPage = 0x10000n
  file.writeUInt32LE(type, at)
  file.writeUInt32LE(flags, at + 4)
  if (bytes === 0) return
  file.writeBigUInt64LE(loadAddress, at + 16)
  file.writeBigUInt64LE(loadAddress, at + 24)
  file.writeBigUInt64LE(BigInt(bytes), at + 32)
  file.writeBigUInt64LE(BigInt(bytes), at + 40)
  file.writeBigUInt64LE(largestPage, at + 48)
}

export const pauseName = 'pause'

/**
 * Makes the folder that is the whole root of every init: the program and nothing else. Nobody but root may read the
 * program, so that a process that runs it as somebody else is not dumpable (PR_SET_DUMPABLE in prctl(2)).
 */
export function installPause(folder: string): void {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o755)
  const file = path.join(folder, pauseName)
  const program = pauseProgram()
  if (contentOf(file)?.equals(program)) return
  const draft = `${folder}.new`
  rmSync(draft, { force: true })
  writeFileSync(draft, program, { mode: 0o500 })
  chmodSync(draft, 0o511)
  renameSync(draft, file)
}

function contentOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}
