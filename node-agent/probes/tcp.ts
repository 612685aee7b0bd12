import net from 'node:net'
import type { Outcome } from './outcome.ts'

/** Opens a connection and closes it; being let in is all that is asked. */
export function connectTcp(host: string, port: number, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, signal })
    socket.once('connect', () => {
      socket.destroy()
      resolve({ ok: true, output: '' })
    })
    socket.once('error', error => {
      reject(new Error(`dial tcp ${host}:${port}: ${signal.aborted ? 'i/o timeout' : error.message}`))
    })
  })
}
