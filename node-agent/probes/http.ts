import http from 'node:http'
import https from 'node:https'
import type { Outcome } from './outcome.ts'

export interface HttpTarget {
  readonly scheme: 'HTTP' | 'HTTPS'
  readonly host: string
  readonly port: number
  readonly path: string
  readonly headers: readonly { readonly name: string; readonly value: string }[]
}

/** As much of an answer as is read. */
const mostBytes = 10_240

/** A GET; 2xx and 3xx are well. Redirects are not followed and certificates not verified, as in Kubernetes' probes. */
export function getHttp({ scheme, host, port, path, headers }: HttpTarget, signal: AbortSignal): Promise<Outcome> {
  const sent: Record<string, string[]> = {}
  for (const { name, value } of headers) (sent[name] ??= []).push(value)
  const named = (name: string): boolean => Object.keys(sent).some(header => header.toLowerCase() === name)
  if (!named('user-agent')) sent['User-Agent'] = ['kube-probe/1.36']
  if (!named('accept')) sent['Accept'] = ['*/*']
  const options = { host, port, path, headers: sent, signal, agent: false, rejectUnauthorized: false }
  return new Promise((resolve, reject) => {
    const request = (scheme === 'HTTPS' ? https : http).get(options, response => {
      const { statusCode = 0 } = response
      const chunks: Buffer[] = []
      let length = 0
      const done = (): void => {
        request.destroy()
        const ok = statusCode >= 200 && statusCode < 400
        const body = Buffer.concat(chunks).toString('utf8', 0, mostBytes)
        resolve({ ok, output: ok ? body : `HTTP probe failed with statuscode: ${statusCode}` })
      }
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        length += chunk.length
        if (length >= mostBytes) done()
      })
      response.on('end', done)
      response.on('error', done)
    })
    request.on('error', error => {
      const url = `${scheme.toLowerCase()}://${host}:${port}${path}`
      reject(new Error(`Get "${url}": ${signal.aborted ? 'context deadline exceeded' : error.message}`))
    })
  })
}
