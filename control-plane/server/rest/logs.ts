// `pods/NAME/log`: the node agent's bytes, passed on as they come.
import { StatusError } from '../../../api/errors.ts'
import type { LogsRequest } from '../../../proto/gen/tessera.ts'
import type { PodStreams } from '../sessions/pods.ts'
import { type Exchange, readContext } from './exchange.ts'
import { boolean, integer } from './options.ts'
import type { ResourcePath } from './path.ts'
import { startStream, write } from './stream.ts'

/** A log that ends soon is answered whole or refused; one that is silent so long has its headers sent. */
const patienceMs = 1_000

/** @throws StatusError before anything was sent */
export async function serveLogs(exchange: Exchange, pods: PodStreams, path: ResourcePath): Promise<void> {
  const { response, query, signal } = exchange
  const stream = await pods.logs(logsRequest(query, path), { ...readContext(exchange), signal })
  const chunks = stream[Symbol.asyncIterator]()
  const start = (): void => {
    if (!response.headersSent) startStream(response, 'text/plain')
  }
  // An error that the node finds while it begins is answered with its code.
  const timer = setTimeout(start, patienceMs)
  try {
    for (let chunk = await chunks.next(); !chunk.done; chunk = await chunks.next()) {
      start()
      if (!(await write(response, chunk.value))) return
    }
    start()
    response.end()
  } catch (error) {
    if (!response.headersSent) throw error
    // Too late for a code: a body cut short is the only sign left that this is not all.
    response.destroy()
  } finally {
    clearTimeout(timer)
    await chunks.return?.()
  }
}

/** @throws StatusError BadRequest */
function logsRequest(query: URLSearchParams, { namespace, name }: ResourcePath): LogsRequest {
  const natural = (option: string, least: number): number | undefined => {
    const value = integer(query, option)
    if (value === undefined || value >= least) return value
    throw StatusError.badRequest(`query parameter ${option}: must be at least ${least}, not ${value}`)
  }
  const container = query.get('container') ?? ''
  const tailLines = natural('tailLines', 0)
  const sinceSeconds = natural('sinceSeconds', 1) ?? secondsSince(query)
  const limitBytes = natural('limitBytes', 1)
  return {
    namespace,
    pod: name,
    container,
    follow: boolean(query, 'follow'),
    previous: boolean(query, 'previous'),
    timestamps: boolean(query, 'timestamps'),
    ...(tailLines !== undefined && { tailLines }),
    ...(sinceSeconds !== undefined && { sinceSeconds }),
    ...(limitBytes !== undefined && { limitBytes }),
  }
}

/** `sinceTime` as a number of seconds before now, rounded up so that nothing asked for is left out. */
function secondsSince(query: URLSearchParams): number | undefined {
  const text = query.get('sinceTime')
  if (!text) return undefined
  const time = Date.parse(text)
  if (Number.isNaN(time)) {
    throw StatusError.badRequest(
      `query parameter sinceTime: expected a time as in RFC 3339, got ${JSON.stringify(text)}`,
    )
  }
  return Math.max(1, Math.ceil((Date.now() - time) / 1000))
}
