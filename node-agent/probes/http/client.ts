// GET requests as the kubelet's HTTP clients make them: one connection a request, redirects followed only to the same
// host, errors in Go's words. node:http can't stand in for it: it refuses headers and paths that Go sends, and what it
// says of a server that is none is not what people look for.

import { goQuote } from '../../../lib/go-quote.ts'
import { Deadline } from '../deadline.ts'
import { Exchange } from './exchange.ts'
import { formatUrl, type GoUrl, hostname, parseUrl, resolveReference, UrlError } from './go-url.ts'
import type { GetRequest, SendOptions } from './request.ts'

export interface GetOptions extends SendOptions {
  /** For all of it, redirects and body too; undefined: none. */
  readonly timeoutMs: number | undefined
  /** Gives up; what that means is the caller's to say. */
  readonly signal: AbortSignal
}

export interface Response {
  readonly status: number
  /** @throws Error in Go's words */
  body(mostBytes: number): Promise<Buffer>
}

/** There is no response: `Get "http://10.0.0.1/": …` in Go's words. */
export class GetError extends Error {
  override readonly name = 'GetError'

  constructor(url: string, words: string, cause?: unknown) {
    super(`Get ${goQuote(url)}: ${words}`, { cause })
  }
}

/** As many requests as a redirected one may become. */
const mostRequests = 10
const redirects = new Set([301, 302, 303, 307, 308])

/**
 * Hands over the response there is in the end (a redirect to another host is one), for as long as it is used.
 * @throws GetError, and what `use` throws
 */
export async function get<T>(
  request: GetRequest,
  options: GetOptions,
  use: (response: Response) => Promise<T> | T,
): Promise<T> {
  using deadline = new Deadline(options.signal, options.timeoutMs)
  for (let made = 1, current = request; ; made++) {
    using exchange = await open(current, options, deadline)
    const location = exchange.head.header.get('Location')?.[0] ?? ''
    const next = redirects.has(exchange.head.status) && location !== '' ? redirected(current, location) : undefined
    if (next === undefined || hostname(next.url) !== hostname(request.url)) {
      return await use(responseOf(exchange, deadline))
    }
    if (made >= mostRequests) throw new GetError(location, `stopped after ${mostRequests} redirects`)
    current = next
  }
}

async function open(request: GetRequest, options: SendOptions, deadline: Deadline): Promise<Exchange> {
  try {
    return await Exchange.open(request, options, deadline.signal)
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    const late = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
    throw new GetError(formatUrl(request.url), deadline.expired ? late : words, error)
  }
}

function responseOf(exchange: Exchange, deadline: Deadline): Response {
  return {
    status: exchange.head.status,
    async body(mostBytes) {
      try {
        return await exchange.body(mostBytes)
      } catch (error) {
        if (!deadline.expired) throw error
        const late = 'context deadline exceeded (Client.Timeout or context cancellation while reading body)'
        throw new Error(late, { cause: error })
      }
    },
  }
}

/** The request a redirect asks for. @throws GetError for a location that is no URL */
function redirected(request: GetRequest, location: string): GetRequest {
  let reference: GoUrl
  try {
    reference = parseUrl(location)
  } catch (error) {
    if (!(error instanceof UrlError)) throw error
    const where = goQuote(location)
    const words = `failed to parse Location header ${where}: parse ${where}: ${error.message}`
    throw new GetError(formatUrl(request.url), words, error)
  }
  const url = resolveReference(request.url, reference)
  const header = request.header.clone()
  const secret = request.url.scheme === 'https' && url.scheme === 'http'
  if (!secret && !header.has('Referer')) header.set('Referer', formatUrl(request.url))
  // A Host header of the caller's own holds wherever on this server the redirect leads.
  return { url, header, host: reference.scheme === '' ? request.host : '' }
}
