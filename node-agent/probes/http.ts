// httpGet probes. https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/#http-probes
import { GetError, get } from './http/client.ts'
import type { GetRequest } from './http/request.ts'
import { errored, failure, type Outcome, success } from './outcome.ts'

/** As much of a body as is read. */
const mostBodyBytes = 10 * 1024

export async function probeHttp(request: GetRequest, timeoutMs: number, signal: AbortSignal): Promise<Outcome> {
  try {
    return await get(request, { timeoutMs, signal, close: true, gzip: false }, async response => {
      const { status } = response
      const body = (await response.body(mostBodyBytes)).toString()
      if (status < 200 || status >= 400) return failure(`HTTP probe failed with statuscode: ${status}`)
      if (status < 300) return success(body)
      return { result: 'warning', output: `Probe terminated redirects, Response body: ${body}` }
    })
  } catch (error) {
    return error instanceof GetError ? failure(error.message) : errored('failure', error)
  }
}
