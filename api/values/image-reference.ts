// Image references as people write them (`busybox`, `ghcr.io/a/b:1`, `x@sha256:…`), completed as Docker completes them. The
// grammar and the words of its errors are those of github.com/distribution/reference, which Kubernetes shows its users.

export interface ImageReference {
  /** Registry and path: `docker.io/library/busybox`. */
  readonly repository: string
  /** `latest` where neither tag nor digest was given; undefined beside a digest alone. */
  readonly tag: string | undefined
  /** `sha256:…`; when present it decides, and the tag is decoration. */
  readonly digest: string | undefined
}

/** The text can't be an image's name. The message is one clause, without the text. */
export class ImageReferenceError extends Error {
  override readonly name = 'ImageReferenceError'
}

const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const remoteName = new RegExp(`^${component}(?:/${component})*$`)
const domainComponent = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const domain = new RegExp(`^(?:${domainComponent}(?:\\.${domainComponent})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`)
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
const digestPattern = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/
/** Hexadecimal digits of each algorithm's digests. */
const digestLengths: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 }
const maxPathLength = 255

/**
 * Parses and completes a reference: without a registry it is docker.io's, without a path below it library's, and with
 * neither tag nor digest the tag is `latest`.
 * @throws ImageReferenceError
 */
export function parseImageReference(text: string): ImageReference {
  if (/^[a-f0-9]{64}$/.test(text)) {
    throw new ImageReferenceError(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`)
  }
  const [host, rest] = splitDomain(text)
  const remote = rest.split(':', 1)[0] ?? ''
  if (remote !== remote.toLowerCase()) {
    throw new ImageReferenceError(`invalid reference format: repository name (${remote}) must be lowercase`)
  }
  const whole = `${host}/${rest}`
  const parts = match(whole)
  if (!parts) {
    const lower = match(whole.toLowerCase()) !== undefined
    throw new ImageReferenceError(lower ? 'repository name must be lowercase' : 'invalid reference format')
  }
  const { repository, tag, digest, path } = parts
  if (path.length > maxPathLength) {
    throw new ImageReferenceError(`repository name must not be more than ${maxPathLength} characters`)
  }
  if (digest !== undefined) checkDigest(digest)
  return { repository, tag: tag ?? (digest === undefined ? 'latest' : undefined), digest }
}

/** What comes before the first slash is a registry only if it looks like a host. */
function splitDomain(text: string): [host: string, rest: string] {
  const hub = 'docker.io'
  const slash = text.indexOf('/')
  if (slash === -1) return [hub, `library/${text}`]
  const first = text.slice(0, slash)
  const isHost = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase()
  const host = !isHost || first === 'index.docker.io' ? hub : first
  const rest = isHost ? text.slice(slash + 1) : text
  return [host, host === hub && !rest.includes('/') ? `library/${rest}` : rest]
}

interface Parts {
  readonly repository: string
  /** The repository without its registry. */
  readonly path: string
  readonly tag: string | undefined
  readonly digest: string | undefined
}

/** The grammar's `reference`: a name, perhaps a tag, perhaps a digest. */
function match(whole: string): Parts | undefined {
  const at = whole.indexOf('@')
  const digest = at === -1 ? undefined : whole.slice(at + 1)
  const named = at === -1 ? whole : whole.slice(0, at)
  const colon = named.indexOf(':', named.lastIndexOf('/'))
  const tag = colon === -1 ? undefined : named.slice(colon + 1)
  const repository = colon === -1 ? named : named.slice(0, colon)
  if (tag !== undefined && !tagPattern.test(tag)) return undefined
  if (digest !== undefined && !digestPattern.test(digest)) return undefined
  const slash = repository.indexOf('/')
  const path = repository.slice(slash + 1)
  if (domain.test(repository.slice(0, slash)) && remoteName.test(path)) return { repository, path, tag, digest }
  // A name such as `ex_ample.com/a` has no registry the grammar knows, and is a path.
  return remoteName.test(repository) ? { repository, path: repository, tag, digest } : undefined
}

/** As github.com/opencontainers/go-digest. */
function checkDigest(digest: string): void {
  const [algorithm = '', encoded = ''] = digest.split(':')
  const length = digestLengths[algorithm]
  if (length === undefined) {
    const known = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*$/.test(algorithm)
    throw new ImageReferenceError(known ? 'unsupported digest algorithm' : 'invalid checksum digest format')
  }
  if (encoded.length !== length) throw new ImageReferenceError('invalid checksum digest length')
  if (!/^[a-f0-9]+$/.test(encoded)) throw new ImageReferenceError('invalid checksum digest format')
}
