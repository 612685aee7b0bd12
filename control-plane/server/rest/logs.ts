// `pods/NAME/log`: the node agent's bytes, passed on as they come.
import type { LogsRequest } from '../../../proto/gen/tessera.ts'
import type { PodStreams } from '../sessions/pods.ts'
import { type Exchange, readContext } from './exchange.ts'
import type { ResourcePath } from './path.ts'
import { flag, int64, time } from './query-values.ts'
import { startStream, write } from './stream.ts'

/** A log that ends soon is answered whole or refused; one that is silent so long has its headers sent. */
const patienceMs = 1_000

/** @throws StatusError before anything was sent */
export async function serveLogs(exchange: Exchange, pods: PodStreams, path: ResourcePath): Promise<void> {
  const { response, query, signal } = exchange
  const stream = await pods.logs(logsRequest(query, path), { ...readContext(exchange), signal })
  if (stream === undefined) {
    // A pod without a node has said nothing.
    response.writeHead(204).end()
    return
  }
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

/** PodLogOptions. @throws StatusError BadRequest for values that are none */
function logsRequest(query: URLSearchParams, { namespace, name }: ResourcePath): LogsRequest {
  const tailLines = int64(query, 'tailLines')
  const sinceSeconds = int64(query, 'sinceSeconds')
  const sinceTime = time(query, 'sinceTime')
  const limitBytes = int64(query, 'limitBytes')
  return {
    namespace,
    pod: name,
    container: query.get('container') ?? '',
    follow: flag(query, 'follow'),
    previous: flag(query, 'previous'),
    timestamps: flag(query, 'timestamps'),
    stream: query.get('stream') ?? '',
    ...(tailLines !== undefined && { tailLines }),
    ...(sinceSeconds !== undefined && { sinceSeconds }),
    ...(sinceTime !== undefined && { sinceTime }),
    ...(limitBytes !== undefined && { limitBytes }),
  }
}
