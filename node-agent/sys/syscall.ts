// The one door into the kernel: libc's syscall(3), called synchronously on the calling thread.
//
// Raw numbers rather than libc's wrappers, for a reason: in a child made by raw clone(2) glibc still believes in the
// parent's threads, and its setresuid(3) family would wait for them for ever.
import koffi from 'koffi'
import { SyscallError } from './errno.ts'
import { type SyscallName, syscallNumber } from './syscall-numbers.ts'

/** Strings become NUL-terminated, buffers their address. */
export type Argument = number | bigint | string | Uint8Array | null

type RawSyscall = (number: number, ...args: (number | bigint)[]) => number | bigint

const w = 'intptr_t'
const raw: RawSyscall = koffi.load(null).func('syscall', 'long', ['long', w, w, w, w, w, w])

// What the kernel reads during a call must not be collected before it returns.
const pinned: { buffers: Uint8Array[] } = { buffers: [] }

/** Where the strings of one call stand: allocating for each, and asking for its address, costs more than most calls. */
const strings = Buffer.alloc(1 << 14)
const stringsAddress = Number(koffi.address(strings))
let stringBytes = 0

function word(arg: Argument | undefined, name: string): number | bigint {
  if (typeof arg === 'number' || typeof arg === 'bigint') return arg
  if (arg === undefined || arg === null) return 0
  if (typeof arg === 'string') return stringWord(arg, name)
  pinned.buffers.push(arg)
  return address(arg)
}

function stringWord(text: string, name: string): number | bigint {
  // At most three bytes of UTF-8 for each unit, and the NUL.
  if (stringBytes + text.length * 3 + 1 > strings.length) {
    const bytes = cString(text, name)
    pinned.buffers.push(bytes)
    return address(bytes)
  }
  refuseNul(text, name)
  const start = stringBytes
  const end = start + strings.write(text, start)
  strings[end] = 0
  stringBytes = end + 1
  return stringsAddress + start
}

/** NUL-terminated bytes. A NUL inside is refused: the kernel would see another, shorter path. */
export function cString(text: string, what = 'argument'): Uint8Array {
  refuseNul(text, what)
  return Buffer.from(`${text}\0`)
}

function refuseNul(text: string, what: string): void {
  if (text.includes('\0')) throw new SyscallError(what, 22, JSON.stringify(text))
}

/** Where the bytes live. The caller keeps the buffer alive as long as the address is used. */
export function address(bytes: Uint8Array): bigint {
  return koffi.address(bytes)
}

/** Pointers to buffers that stay alive with the result: for argv, iovec and the like. */
export function pointerArray(items: readonly Uint8Array[]): {
  readonly pointers: Uint8Array
  readonly items: readonly Uint8Array[]
} {
  const words = new BigUint64Array(items.length + 1)
  items.forEach((item, index) => {
    words[index] = address(item)
  })
  return { pointers: new Uint8Array(words.buffer), items }
}

/** Who carries out system calls: the kernel, or a stand-in that answers for it. The result, or the negated errno. */
export type Kernel = (name: SyscallName, args: readonly Argument[]) => number

const linux: Kernel = (name, args) => {
  const [a, b, c, d, e, f] = args
  stringBytes = 0
  const result = Number(
    raw(syscallNumber(name), word(a, name), word(b, name), word(c, name), word(d, name), word(e, name), word(f, name)),
  )
  const errno = result === -1 ? koffi.errno() : 0
  if (pinned.buffers.length > 0) pinned.buffers = []
  return errno === 0 ? result : -errno
}

let kernel = linux

/** Runs synchronous code against a stand-in for the kernel. */
export function withKernel<T>(standIn: Kernel, action: () => T): T {
  kernel = standIn
  try {
    return action()
  } finally {
    kernel = linux
  }
}

/** The result, or the negated errno. */
export function trySyscall(name: SyscallName, ...args: Argument[]): number {
  return kernel(name, args)
}

/** The result. Throws SyscallError, with the first string argument as its subject. Repeats a call that EINTR cut short. */
export function syscall(name: SyscallName, ...args: Argument[]): number {
  return syscallOn(
    name,
    args.find(arg => typeof arg === 'string'),
    ...args,
  )
}

/** As `syscall`, for calls whose arguments don't name what they act on. */
export function syscallOn(name: SyscallName, subject: string | undefined, ...args: Argument[]): number {
  for (;;) {
    const result = trySyscall(name, ...args)
    if (result >= 0) return result
    if (result !== -4) throw new SyscallError(name, -result, subject)
  }
}
