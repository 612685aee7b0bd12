// A connection on which a gRPC server speaks: HTTP/2 in the clear, tried again until it stands.
import http2 from 'node:http2'
import { isAborted, sleep } from '../../../lib/abort.ts'
import { backoffMs } from '../../../lib/backoff.ts'

/** https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md */
const retry = { initialMs: 1_000, maxMs: 120_000, factor: 1.6, jitter: 0.2 }

/** @returns undefined when the signal aborted first */
export async function connectGrpc(
  authority: string,
  signal: AbortSignal,
): Promise<http2.ClientHttp2Session | undefined> {
  for (let failures = 0; !isAborted(signal); failures++) {
    const session = await tryOnce(authority, signal)
    if (session !== undefined) return session
    await sleep(backoffMs(failures, retry), signal)
  }
  return undefined
}

/** A server is there once its settings have come: before, it may be anything that takes connections. */
function tryOnce(authority: string, signal: AbortSignal): Promise<http2.ClientHttp2Session | undefined> {
  return new Promise(resolve => {
    const session = http2.connect(`http://${authority}`)
    const settle = (outcome: http2.ClientHttp2Session | undefined): void => {
      signal.removeEventListener('abort', giveUp)
      if (outcome === undefined) session.destroy()
      resolve(outcome)
    }
    const giveUp = (): void => settle(undefined)
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    session.on('error', giveUp)
    session.once('close', giveUp)
    session.once('remoteSettings', () => settle(session))
  })
}
