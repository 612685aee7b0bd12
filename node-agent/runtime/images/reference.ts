// Image references as people write them (`busybox`, `ghcr.io/a/b:1`, `x@sha256:…`) and as the store keeps them: with
// registry and tag spelt out, by the rules of Docker's reference grammar.
import { ImageError } from './errors.ts'

export interface Reference {
  /** Registry and path: `docker.io/library/busybox`. */
  readonly repository: string
  readonly tag: string | undefined
  /** `sha256:…`; when present it decides, and the tag is decoration. */
  readonly digest: string | undefined
}

const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const domain =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/
const tagPattern = /^[\w][\w.-]{0,127}$/
const digestPattern = /^sha256:[a-f0-9]{64}$/
const maxRepositoryLength = 255

/**
 * Parses and completes a reference: without a registry it is docker.io's, without a path below it library's, and with
 * neither tag nor digest the tag is `latest`.
 * @throws ImageError `invalid` saying which part is wrong
 */
export function parseReference(text: string): Reference {
  const invalid = (why: string): ImageError =>
    new ImageError('invalid', `image reference ${JSON.stringify(text)}: ${why}`)
  if (text === '') throw invalid('is empty; write for instance busybox:1.36')
  let rest = text
  let digest: string | undefined
  const at = rest.indexOf('@')
  if (at !== -1) {
    digest = rest.slice(at + 1)
    rest = rest.slice(0, at)
    if (!digestPattern.test(digest)) throw invalid('the digest after @ must be sha256: and 64 hexadecimal digits')
  }
  let tag: string | undefined
  const colon = rest.lastIndexOf(':')
  if (colon > rest.lastIndexOf('/')) {
    tag = rest.slice(colon + 1)
    rest = rest.slice(0, colon)
    if (!tagPattern.test(tag))
      throw invalid(`the tag ${JSON.stringify(tag)} must be letters, digits, _ . - (128 at most)`)
  }
  const slash = rest.indexOf('/')
  const first = slash === -1 ? '' : rest.slice(0, slash)
  // As Docker does: what comes before the first slash is a registry only if it looks like a host.
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase()
  const host = isHost ? (first === 'index.docker.io' ? 'docker.io' : first) : 'docker.io'
  let path = isHost ? rest.slice(slash + 1) : rest
  if (host === 'docker.io' && !path.includes('/')) path = `library/${path}`
  if (!domain.test(host)) throw invalid(`${JSON.stringify(host)} is not a registry's host name`)
  for (const part of path.split('/')) {
    if (component.test(part)) continue
    if (part !== part.toLowerCase()) throw invalid(`the name must be lower case (${JSON.stringify(part)} is not)`)
    throw invalid(`${JSON.stringify(part)} is not a name: use a-z, 0-9 and single . _ - between them`)
  }
  const repository = `${host}/${path}`
  if (repository.length > maxRepositoryLength)
    throw invalid(`the name is longer than ${maxRepositoryLength} characters`)
  if (tag === undefined && digest === undefined) tag = 'latest'
  return { repository, tag, digest }
}

/** The canonical text of a reference by tag: `docker.io/library/busybox:latest`. */
export function tagReference(reference: Reference): string {
  return `${reference.repository}:${reference.tag ?? 'latest'}`
}

/** Whether the text is an image's ID, or a prefix of one at least 12 digits long: `sha256:` may be left out. */
export function asImageIdPrefix(text: string): string | undefined {
  const match = /^(?:sha256:)?([a-f0-9]{12,64})$/.exec(text)
  return match?.[1]
}
