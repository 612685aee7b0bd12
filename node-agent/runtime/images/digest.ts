// Digests as OCI writes them, of the algorithms its specification registers.
// https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
import { createHash, type Hash } from 'node:crypto'
import { ImageError } from './errors.ts'

/** The algorithm, a colon, and lower-case hexadecimal digits. */
export type Digest = `sha256:${string}` | `sha512:${string}`

/** What this store itself calls things by. */
export type Sha256 = `sha256:${string}`

export function isDigest(text: unknown): text is Digest {
  return isSha256(text) || (typeof text === 'string' && /^sha512:[a-f0-9]{128}$/.test(text))
}

export function isSha256(text: unknown): text is Sha256 {
  return typeof text === 'string' && /^sha256:[a-f0-9]{64}$/.test(text)
}

export function digestOf(bytes: Uint8Array): Sha256 {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

export async function digestOfStream(chunks: AsyncIterable<Uint8Array>): Promise<Sha256> {
  const hash = createHash('sha256')
  for await (const chunk of chunks) hash.update(chunk)
  return `sha256:${hash.digest('hex')}`
}

/** Computes one digest of what it is given piece by piece, to hold it against the one expected. */
export class DigestCheck {
  readonly #expected: Digest
  readonly #hash: Hash

  constructor(expected: Digest) {
    this.#expected = expected
    this.#hash = createHash(algorithmOf(expected))
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes)
  }

  /** @throws ImageError when the content is not what it is called */
  verify(what: string): void {
    const actual = `${algorithmOf(this.#expected)}:${this.#hash.digest('hex')}`
    if (actual === this.#expected) return
    throw new ImageError(
      'invalid',
      `${what} should be ${this.#expected} but is ${actual}: the archive is damaged or was changed`,
    )
  }
}

/** @throws ImageError when the content is not what it is called */
export function verifyDigest(what: string, bytes: Uint8Array, expected: Digest): void {
  const check = new DigestCheck(expected)
  check.update(bytes)
  check.verify(what)
}

export function algorithmOf(digest: Digest): 'sha256' | 'sha512' {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256'
}

/** The part after the colon: a file's name. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length)
}
