// sha256 digests as OCI writes them.
import { createHash } from 'node:crypto'
import { ImageError } from './errors.ts'

/** `sha256:` and 64 hexadecimal digits. */
export type Digest = `sha256:${string}`

export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && /^sha256:[a-f0-9]{64}$/.test(text)
}

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** The part after `sha256:`: a file's name. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length)
}

/** @throws ImageError when the content is not what it is called */
export function verifyDigest(what: string, actual: Digest, expected: Digest): void {
  if (actual === expected) return
  throw new ImageError(
    'invalid',
    `${what} should be ${expected} but is ${actual}: the archive is damaged or was changed`,
  )
}
