// URLs as Go's net/url reads and writes them. The agent's probes need just that: a path is passed on as it was written
// wherever Go would (WHATWG's URL rewrites it), and messages name the URL in Go's form.
// https://pkg.go.dev/net/url

export interface GoUrl {
  /** In lower case; empty in a relative reference. */
  readonly scheme: string
  /** With its port, an IPv6 address in brackets; empty in a relative reference. */
  readonly host: string
  /** Escaped. */
  readonly path: string
  /** What follows the question mark; undefined: there is none. */
  readonly query: string | undefined
  /** Escaped; empty: none. */
  readonly fragment: string
}

/** Why a text is no URL, in Go's words without the text itself. */
export class UrlError extends Error {
  override readonly name = 'UrlError'
}

/** @throws UrlError */
export function parseUrl(text: string): GoUrl {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\x00-\x1f\x7f]/.test(text)) throw new UrlError('net/url: invalid control character in URL')
  const [beforeFragment, fragment = ''] = cut(text, '#')
  const [beforeQuery, query] = cut(beforeFragment, '?')
  if (beforeQuery.startsWith(':')) throw new UrlError('missing protocol scheme')
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(beforeQuery)?.[1] ?? ''
  const rest = scheme === '' ? beforeQuery : beforeQuery.slice(scheme.length + 1)
  if (scheme === '' && /^[^/]*:/.test(rest)) {
    throw new UrlError('first path segment in URL cannot contain colon')
  }
  const authority = scheme !== '' || !rest.startsWith('///') ? /^\/\/([^/]*)/.exec(rest)?.[1] : undefined
  const path = authority === undefined ? rest : rest.slice(2 + authority.length)
  return {
    scheme: scheme.toLowerCase(),
    host: authority?.slice(authority.lastIndexOf('@') + 1) ?? '',
    path: escapePath(path),
    query,
    fragment: escapeFragment(fragment),
  }
}

export function formatUrl({ scheme, host, path, query, fragment }: GoUrl): string {
  const authority = scheme === '' && host === '' ? '' : `${scheme === '' ? '' : `${scheme}:`}//${host}`
  const slash = path !== '' && !path.startsWith('/') && host !== '' ? '/' : ''
  return `${authority}${slash}${path}${query === undefined ? '' : `?${query}`}${fragment === '' ? '' : `#${fragment}`}`
}

/** What a request line asks for. */
export function requestUri({ path, query }: GoUrl): string {
  const absolute = path.startsWith('/') ? path : `/${path}`
  return query === undefined ? absolute : `${absolute}?${query}`
}

/** The host without its port and brackets. */
export function hostname({ host }: GoUrl): string {
  const bracketed = /^\[([^\]]*)\]/.exec(host)?.[1]
  return bracketed ?? host.replace(/:\d*$/, '')
}

/** The port as a number, the scheme's own where none is named. */
export function portOf({ scheme, host }: GoUrl): number {
  const named = /:(\d+)$/.exec(host)?.[1]
  return named === undefined ? (scheme === 'https' ? 443 : 80) : Number(named)
}

/** An address with its port, an IPv6 one in brackets. */
export const joinHostPort = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/** RFC 3986, section 5.2. */
export function resolveReference(base: GoUrl, reference: GoUrl): GoUrl {
  if (reference.scheme !== '' || reference.host !== '') {
    const scheme = reference.scheme === '' ? base.scheme : reference.scheme
    return { ...reference, scheme, path: withoutDots(reference.path) }
  }
  const { path, query, fragment } = reference
  if (path === '') return { ...base, query: query ?? base.query, fragment: fragment === '' ? base.fragment : fragment }
  const merged = path.startsWith('/') ? path : base.path.slice(0, base.path.lastIndexOf('/') + 1) + path
  return { ...base, path: withoutDots(merged), query, fragment }
}

/** RFC 3986, section 5.2.4. */
function withoutDots(path: string): string {
  if (path === '') return ''
  const kept: string[] = []
  const segments = path.replace(/^\//, '').split('/')
  for (const segment of segments) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  const last = segments.at(-1)
  return `/${kept.join('/')}${(last === '.' || last === '..') && kept.length > 0 ? '/' : ''}`
}

const unreserved = /[A-Za-z0-9\-_.~]/
const keptInPath = /[$&+,/:;=@]/
const keptInFragment = /[$&+,/:;=?@!()*]/
/** What may stand in an escaped path though Go itself would escape some of it. */
const validPath = /^(?:[A-Za-z0-9\-_.~!$&'()*+,;=:@[\]/]|%[0-9A-Fa-f]{2})*$/

/** As written where that is a valid form of it, else escaped as a whole. @throws UrlError for a broken escape */
function escapePath(path: string): string {
  const broken = /%(?![0-9A-Fa-f]{2}).{0,2}/s.exec(path)?.[0]
  if (broken !== undefined) throw new UrlError(`invalid URL escape ${JSON.stringify(broken)}`)
  return validPath.test(path) ? path : escapeBytes(unescapeBytes(path), keptInPath)
}

const escapeFragment = (fragment: string): string => escapeBytes(unescapeBytes(fragment), keptInFragment)

/** A path that is no URL's, taken as the bytes it is. */
export const escapeLiterally = (path: string): string => escapeBytes(Buffer.from(path), keptInPath)

function unescapeBytes(text: string): Buffer {
  const parts = text.split(/%([0-9A-Fa-f]{2})/)
  return Buffer.concat(parts.map((part, index) => Buffer.from(part, index % 2 === 0 ? 'utf8' : 'hex')))
}

function escapeBytes(bytes: Buffer, kept: RegExp): string {
  return Array.from(bytes, byte => {
    const character = String.fromCharCode(byte)
    if (byte < 0x80 && (unreserved.test(character) || kept.test(character))) return character
    return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }).join('')
}

/** What stands before and after the first separator. */
function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}
