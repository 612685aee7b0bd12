// What went wrong on a connection, in the words of Go's net package: those are what people know from Kubernetes' events.
import { getSystemErrorMap } from 'node:util'

/** The kernel's words where libuv's, which Node shows, differ. */
const words: Readonly<Record<string, string>> = {
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  EHOSTDOWN: 'host is down',
  ENETDOWN: 'network is down',
  EADDRNOTAVAIL: 'cannot assign requested address',
  ECONNABORTED: 'software caused connection abort',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files in system',
}

/** `connection refused`; undefined when it is no error of the kernel's. */
export function errnoWords(error: unknown): string | undefined {
  const code = codeOf(error)
  if (code === undefined) return undefined
  const known = words[code]
  if (known !== undefined) return known
  for (const [name, message] of getSystemErrorMap().values()) if (name === code) return message
  return undefined
}

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
