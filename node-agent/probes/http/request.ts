// What an httpGet action asks for, and how that is written on the wire: as the kubelet does it through Go's net/http.
import type { HTTPGetAction } from '../../../api/kinds/core-v1/probes.ts'
import { escapeLiterally, type GoUrl, joinHostPort, parseUrl, requestUri, UrlError } from './go-url.ts'
import { Header } from './header.ts'

/** The Kubernetes version whose rules and words these are; servers see it as `kube-probe/1.36`. */
const version = '1.36'

export interface GetRequest {
  readonly url: GoUrl
  readonly header: Header
  /** The value of the Host header; empty: the URL's host. */
  readonly host: string
}

/** Who asks: the middle of the user agent. */
export type Purpose = 'probe' | 'lifecycle'

export const userAgent = (purpose: Purpose): string => `kube-${purpose}/${version}`

/** @param address where to connect when the action names no host */
export function getRequest(
  { path = '', host, scheme = 'HTTP', httpHeaders = [] }: HTTPGetAction,
  port: number,
  address: string,
  purpose: Purpose,
): GetRequest {
  const header = Header.of(httpHeaders)
  if (!header.has('User-Agent')) header.set('User-Agent', userAgent(purpose))
  if (!header.has('Accept')) header.set('Accept', '*/*')
  else if (header.get('Accept') === '') header.delete('Accept')
  const target = { scheme: scheme.toLowerCase(), host: joinHostPort(host || address, port) }
  return { url: { ...pathOf(path), ...target }, header, host: header.get('Host') }
}

/** Path, query and fragment; a text that is no URL reference is a path nevertheless. */
function pathOf(text: string): GoUrl {
  try {
    return parseUrl(text)
  } catch (error) {
    if (!(error instanceof UrlError)) throw error
    return { scheme: '', host: '', path: escapeLiterally(text), query: undefined, fragment: '' }
  }
}

export interface SendOptions {
  /** The server is told that the connection ends with its answer. */
  readonly close: boolean
  /** A compressed answer would be taken. */
  readonly gzip: boolean
}

/** Written from what else is known of the request. */
const notFromHeader = new Set(['Host', 'User-Agent', 'Content-Length', 'Transfer-Encoding', 'Trailer'])
const validHost = /^[A-Za-z0-9!$%&'()*+,\-.:;=[\]_~]*$/

/** The request's bytes. @throws Error in Go's words when it can't be written */
export function requestHead(request: GetRequest, { close, gzip }: SendOptions): Buffer {
  const { url, header } = request
  const { fault } = header
  if (fault !== undefined) throw new Error(fault)
  const host = request.host === '' ? url.host : request.host
  if (!validHost.test(host)) throw new Error('http: invalid Host header')
  const lines = [`GET ${requestUri(url)} HTTP/1.1`, `Host: ${host}`]
  const agent = header.get('User-Agent').trim()
  if (agent !== '') lines.push(`User-Agent: ${agent}`)
  for (const [name, value] of header.sorted()) {
    if (!notFromHeader.has(name)) lines.push(`${name}: ${value.trim()}`)
  }
  if (gzip && header.get('Accept-Encoding') === '' && header.get('Range') === '') lines.push('Accept-Encoding: gzip')
  if (close && !/\b(?:close|upgrade)\b/i.test(header.get('Connection'))) lines.push('Connection: close')
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
}
