// Answers on their way out: headers, compression of what is long, and errors as Status objects.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { StatusError } from '../../../api/errors.ts'
import { formatYaml } from '../../../lib/yaml.ts'
import { negotiate } from './negotiate.ts'

export interface Reply {
  readonly code?: number
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Told to the client in `Warning` headers. */
  readonly warnings?: readonly string[]
}

interface Answering {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
}

/** Below this, compressing costs more than it saves; Kubernetes draws the same line. */
const gzipFromBytes = 128 * 1024
const compress = promisify(gzip)

/** Sends a whole body. */
export async function send(to: Answering, body: Buffer | string, reply: Reply = {}): Promise<void> {
  const { request, response } = to
  const { code = 200, contentType = 'application/json', headers = {}, warnings = [] } = reply
  let bytes = typeof body === 'string' ? Buffer.from(body) : body
  response.statusCode = code
  response.setHeader('Content-Type', contentType)
  response.setHeader('Cache-Control', 'no-cache, private')
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (warnings.length > 0) response.setHeader('Warning', warningHeaders(warnings))
  if (bytes.length >= gzipFromBytes && acceptsGzip(request)) {
    bytes = await compress(bytes, { level: constants.Z_BEST_SPEED })
    response.setHeader('Content-Encoding', 'gzip')
    response.appendHeader('Vary', 'Accept-Encoding')
  }
  response.setHeader('Content-Length', bytes.length)
  response.end(bytes)
}

export function sendJson(to: Answering, value: unknown, reply?: Reply): Promise<void> {
  const pretty = ['true', '1'].includes(to.query.get('pretty') ?? '')
  return send(to, pretty ? `${JSON.stringify(value, undefined, 2)}\n` : JSON.stringify(value), reply)
}

/** JSON that is there as bytes; it is read again only for people who want it pretty, or as YAML. */
export function sendEncoded(to: Answering, json: Buffer, form: 'json' | 'yaml', reply?: Reply): Promise<void> {
  if (form === 'yaml') {
    return send(to, formatYaml(JSON.parse(json.toString())), { ...reply, contentType: 'application/yaml' })
  }
  if (!to.query.has('pretty')) return send(to, json, reply)
  return sendJson(to, JSON.parse(json.toString()), reply)
}

/** An error that happened before any of the answer was sent. */
export function sendError(to: Answering, error: StatusError): Promise<void> {
  const { status, code } = error
  const retryAfter = status.details?.retryAfterSeconds
  // A body nobody read would stand in the way of the connection's next request.
  if (!to.request.complete) to.response.setHeader('Connection', 'close')
  return sendJson(to, status, { code, ...(retryAfter ? { headers: { 'Retry-After': String(retryAfter) } } : {}) })
}

/** RFC 7234, section 5.5: one header a warning, agent unknown. */
function warningHeaders(warnings: readonly string[]): string[] {
  return warnings.map(text => `299 - "${text.replace(/[^\t\x20-\x7e]+/g, ' ').replace(/["\\]/g, '\\$&')}"`)
}

function acceptsGzip(request: IncomingMessage): boolean {
  const header = request.headers['accept-encoding']
  return header !== undefined && negotiate(header, [{ mediaType: 'gzip', parameters: {} }]) !== undefined
}
