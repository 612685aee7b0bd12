// Answers without an end known beforehand: watches and logs. Nothing is buffered beyond the socket: what can't be
// sent is not asked for, and a client that takes nothing for too long is cut off.
import type { ServerResponse } from 'node:http'

/** How long a client may leave a full socket unread. */
const stalledAfterMs = 60_000

export function startStream(response: ServerResponse, contentType: string): void {
  response.statusCode = 200
  response.setHeader('Content-Type', contentType)
  response.setHeader('Cache-Control', 'no-cache, private')
  // Proxies that buffer would hold events back.
  response.setHeader('X-Accel-Buffering', 'no')
  response.flushHeaders()
}

/** Resolves when more may be written; false: the client is gone, or was cut off for not reading. */
export async function write(response: ServerResponse, chunk: Buffer | string | Uint8Array): Promise<boolean> {
  if (response.closed || response.destroyed) return false
  if (response.write(chunk)) return true
  return new Promise<boolean>(resolve => {
    const finish = (open: boolean): void => {
      clearTimeout(stalled)
      response.off('drain', onDrain)
      response.off('close', onClose)
      resolve(open)
    }
    const onDrain = (): void => finish(true)
    const onClose = (): void => finish(false)
    const stalled = setTimeout(() => response.destroy(), stalledAfterMs)
    response.once('drain', onDrain)
    response.once('close', onClose)
  })
}
