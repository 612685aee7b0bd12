// System call failures as exceptions that say what was being done to what.
import koffi from 'koffi'

const names = new Map<number, string>()
for (const [name, number] of Object.entries(koffi.os.errno)) if (!names.has(number)) names.set(number, name)
// Linux gives these pairs one number; the first of each pair is the name strerrorname_np(3) uses.
for (const name of ['EAGAIN', 'EDEADLK', 'EOPNOTSUPP']) {
  const number = koffi.os.errno[name]
  if (number !== undefined) names.set(number, name)
}

/** `ENOENT` for 2. */
function errnoName(errno: number): string {
  return names.get(errno) ?? `errno ${errno}`
}

/** A failed system call. `code` is the errno's name, as in Node's own errors. */
export class SyscallError extends Error {
  readonly syscall: string
  readonly errno: number
  readonly code: string
  /** What it was done to: a path, an interface's name. */
  readonly subject: string | undefined

  constructor(syscall: string, errno: number, subject?: string) {
    const code = errnoName(errno)
    super(subject === undefined ? `${syscall}: ${code}` : `${syscall} ${subject}: ${code}`)
    this.name = 'SyscallError'
    this.syscall = syscall
    this.errno = errno
    this.code = code
    this.subject = subject
  }
}

/** Whether an error is a failed system call (ours or Node's) with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
}

/** Runs an action and swallows only the given errno names. Answers whether it went through. */
export function ignoring(codes: readonly string[], action: () => void): boolean {
  try {
    action()
    return true
  } catch (error) {
    if (hasCode(error, ...codes)) return false
    throw error
  }
}
