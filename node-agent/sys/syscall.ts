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

const word = 'intptr_t'
const raw: RawSyscall = koffi.load(null).func('syscall', 'long', ['long', word, word, word, word, word, word])

// What the kernel reads during a call must not be collected before it returns.
const pinned: { buffers: readonly Uint8Array[] } = { buffers: [] }

function encode(args: readonly Argument[], name: string): (number | bigint)[] {
  const held: Uint8Array[] = []
  const words: (number | bigint)[] = [0, 0, 0, 0, 0, 0]
  args.forEach((arg, index) => {
    if (arg === null) return
    if (typeof arg === 'number' || typeof arg === 'bigint') {
      words[index] = arg
      return
    }
    const bytes = typeof arg === 'string' ? cString(arg, name) : arg
    held.push(bytes)
    words[index] = address(bytes)
  })
  pinned.buffers = held
  return words
}

/** NUL-terminated bytes. A NUL inside is refused: the kernel would see another, shorter path. */
export function cString(text: string, what = 'argument'): Uint8Array {
  if (text.includes('\0')) throw new SyscallError(what, 22, JSON.stringify(text))
  return Buffer.from(`${text}\0`)
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

/** The result, or the negated errno. */
export function trySyscall(name: SyscallName, ...args: Argument[]): number {
  const result = Number(raw(syscallNumber(name), ...encode(args, name)))
  const errno = result === -1 ? koffi.errno() : 0
  pinned.buffers = []
  return errno === 0 ? result : -errno
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
