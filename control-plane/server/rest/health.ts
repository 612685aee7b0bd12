// Is it alive, is it ready: `/livez`, `/readyz` and the older `/healthz`, check by check, in the form probes and people know.
import type { Exchange } from './exchange.ts'
import { send } from './reply.ts'

export interface HealthCheck {
  readonly name: string
  /** Rejects with why not. */
  check(signal: AbortSignal): Promise<void>
}

const ping: HealthCheck = { name: 'ping', check: () => Promise.resolve() }

/** Kubernetes' probes give up after this long at the latest; an answer that says what hangs comes before that. */
const patienceMs = 5_000

/**
 * Answers the three paths and `/PATH/CHECK`, with `?verbose` and `?exclude=CHECK`; false: this is no such path.
 * @param ready what `/readyz` and `/healthz` ask besides whether the process answers at all
 */
export async function serveHealth(exchange: Exchange, ready: readonly HealthCheck[]): Promise<boolean> {
  const [, endpoint = '', wanted, ...more] = exchange.path.split('/')
  if (!['livez', 'readyz', 'healthz'].includes(endpoint) || more.length > 0) return false
  const all = endpoint === 'livez' ? [ping] : [ping, ...ready]
  const excluded = exchange.query.getAll('exclude')
  const checks = wanted
    ? all.filter(check => check.name === wanted)
    : all.filter(({ name }) => !excluded.includes(name))
  if (checks.length === 0) {
    await send(exchange, `no check named ${wanted}; there are: ${all.map(({ name }) => name).join(', ')}\n`, {
      code: 404,
      contentType: plain,
    })
    return true
  }
  const results = await Promise.all(checks.map(check => outcome(check, exchange.signal)))
  const failed = results.filter(({ why }) => why !== undefined)
  const lines = results.map(({ name, why }) => (why === undefined ? `[+]${name} ok` : `[-]${name} failed: ${why}`))
  if (failed.length > 0) {
    await send(exchange, `${lines.join('\n')}\n${endpoint} check failed\n`, { code: 500, contentType: plain })
  } else {
    const verbose = exchange.query.has('verbose')
    await send(exchange, verbose ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok', { contentType: plain })
  }
  return true
}

const plain = 'text/plain; charset=utf-8'

async function outcome({ name, check }: HealthCheck, signal: AbortSignal): Promise<{ name: string; why?: string }> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs / 1000} s`)), patienceMs)
  })
  try {
    await Promise.race([check(signal), late])
    return { name }
  } catch (error) {
    return { name, why: error instanceof Error ? error.message : String(error) }
  } finally {
    clearTimeout(timer)
  }
}
