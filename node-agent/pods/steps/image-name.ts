// Whether an image's name can be read, told in the words of the library that Kubernetes reads it with.
// https://github.com/distribution/reference/blob/main/reference.go holds the grammar.

const alphanumeric = '[a-z0-9]+'
const pathComponent = `${alphanumeric}(?:(?:\\.|__|_|-+)${alphanumeric})*`
const domainComponent = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const domain = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`
const tag = '[\\w][\\w.-]{0,127}'
const digest = '([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*):([0-9a-fA-F]{32,})'
const reference = new RegExp(`^${domain}/(${pathComponent}(?:/${pathComponent})*)(?::${tag})?(?:@${digest})?$`)

const longestName = 255
const hexDigits: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 }

/** What is wrong with the name; undefined: nothing. */
export function imageNameError(image: string): string | undefined {
  const why = problem(image)
  return why === undefined ? undefined : `couldn't parse image name ${JSON.stringify(image)}: ${why}`
}

function problem(image: string): string | undefined {
  if (/^[a-f0-9]{64}$/.test(image)) {
    return `invalid repository name (${image}), cannot specify 64-byte hexadecimal strings`
  }
  const { host, path } = split(image)
  const repository = path.split(':', 1)[0] ?? ''
  if (repository !== repository.toLowerCase()) {
    return `invalid reference format: repository name (${repository}) must be lowercase`
  }
  const text = `${host}/${path}`
  const match = reference.exec(text)
  if (match === null) {
    return reference.test(text.toLowerCase()) ? 'repository name must be lowercase' : 'invalid reference format'
  }
  const [, name = '', algorithm, hex = ''] = match
  if (name.length > longestName) return `repository name must not be more than ${longestName} characters`
  if (algorithm === undefined) return undefined
  const digits = hexDigits[algorithm]
  if (digits === undefined) return 'unsupported digest algorithm'
  if (hex.length !== digits) return 'invalid checksum digest length'
  return hex === hex.toLowerCase() ? undefined : 'invalid checksum digest format'
}

/** What comes before the first slash is a host if it can be no part of a path; names without one are Docker Hub's. */
function split(image: string): { readonly host: string; readonly path: string } {
  const slash = image.indexOf('/')
  const first = image.slice(0, Math.max(slash, 0))
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase()
  if (slash < 0 || !isHost) return { host: 'docker.io', path: slash < 0 ? `library/${image}` : image }
  return { host: first, path: image.slice(slash + 1) }
}
