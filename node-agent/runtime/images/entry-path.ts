// Names of entries in archives.
import { ImageError } from './errors.ts'
import { isName, maxNameBytes, maxPathBytes } from './merged-path.ts'
import { printable } from './tar-header.ts'

/**
 * The parts of a path. Leading slashes mean nothing, as in tar(1); ".." is taken by the text, before any link is followed,
 * as Go's filepath.Clean does for all unpackers written in it.
 * @param what it is, for messages
 * @throws ImageError
 */
export function components(path: string, what: string): string[] {
  const refuse = (why: string): ImageError => new ImageError('invalid', `${what} ${printable(path)} ${why}`)
  if (path.includes('\0')) throw refuse('has a zero byte in it')
  if (path.length > maxPathBytes) throw refuse(`is longer than ${maxPathBytes} bytes`)
  const parts: string[] = []
  for (const part of path.split('/').filter(isName)) {
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined && !path.startsWith('/')) throw refuse('leads out of the archive by ".."')
  }
  if (parts.some(part => part.length > maxNameBytes)) throw refuse(`has a name longer than ${maxNameBytes} bytes`)
  return parts
}
