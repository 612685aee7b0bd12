// A watch over HTTP: frames of JSON, one a line, as they happen. What goes wrong before the first byte is an answer
// with its code; what goes wrong later is an ERROR event.
import type { Logger } from '../../../lib/logger.ts'
import type { Resource } from '../../registry/contract.ts'
import { presentable } from '../failure.ts'
import { type Exchange, readContext } from './exchange.ts'
import { framer } from './forms.ts'
import { watchOptions } from './options.ts'
import { startStream, write } from './stream.ts'

/** @throws StatusError before anything was sent */
export async function serveWatch(
  exchange: Exchange,
  resource: Resource,
  namespace: string,
  logger: Logger,
): Promise<void> {
  const { response, query, signal } = exchange
  const frameOf = framer(exchange, resource.kind)
  const batches = await resource.watch(watchOptions(query, namespace), readContext(exchange))
  startStream(response, 'application/json')
  try {
    for await (const batch of batches) {
      if (!(await write(response, joined(batch.map(frameOf))))) return
    }
  } catch (error) {
    if (signal.aborted) return
    const { status } = presentable(error, logger, `watch of ${resource.kind.resource}`)
    await write(response, `${JSON.stringify({ type: 'ERROR', object: status })}\n`)
  }
  response.end()
}

/** One write for a batch: one TLS record instead of many. */
function joined(frames: readonly (Buffer | string)[]): Buffer | string {
  const [first = '', ...more] = frames
  if (more.length === 0) return first
  return Buffer.concat(frames.map(frame => (typeof frame === 'string' ? Buffer.from(frame) : frame)))
}
