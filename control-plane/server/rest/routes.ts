// What is served where.
import { StatusError } from '../../../api/errors.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { Authorize } from '../../auth/authorize.ts'
import type { Registry } from '../../registry/contract.ts'
import { checkAccess } from '../access.ts'
import { attributesOf } from '../attributes.ts'
import { connectName } from '../connects.ts'
import type { PodStreams } from '../sessions/pods.ts'
import { versionInfo } from '../version.ts'
import { serveDiscovery } from './discovery.ts'
import type { Exchange } from './exchange.ts'
import { type HealthCheck, serveHealth } from './health.ts'
import { openApi } from './openapi.ts'
import { serveOpenApiV2 } from './openapi-v2.ts'
import { parseResourcePath, type ResourcePath } from './path.ts'
import { send, sendJson } from './reply.ts'
import { serveResource } from './resources.ts'
import { type RestStream, restStreams, type TakeOver } from './streams.ts'

export interface RoutesOptions {
  readonly registry: Registry
  readonly pods: PodStreams
  readonly authorize: Authorize
  readonly logger: Logger
  readonly checks?: readonly HealthCheck[]
  readonly metrics?: () => Promise<string>
}

export interface Routes {
  /** @throws StatusError as long as nothing was sent */
  answer(exchange: Exchange): Promise<void>
  /** @throws StatusError as long as the connection was not taken over */
  upgrade(exchange: Exchange, takeOver: TakeOver): Promise<void>
}

export function routes(options: RoutesOptions): Routes {
  const { registry, pods, authorize, logger, checks = [], metrics } = options
  const serveOpenApi = openApi(registry)
  const ready: HealthCheck[] = [{ name: 'registry', check: () => registry.ready() }, ...checks]

  const streams = restStreams(pods, logger)

  function pathOf(exchange: Exchange): ResourcePath | undefined {
    const namespaces = registry.resource('', 'v1', 'namespaces')
    return parseResourcePath(exchange.path, name => namespaces?.subresources.some(sub => sub.name === name) ?? false)
  }

  /** The stream a request opens, once its caller may. */
  function streamOf(exchange: Exchange, path: ResourcePath): RestStream | undefined {
    const name = path.name === '' ? undefined : connectName(path)
    const stream = name && streams[name]
    if (!stream?.methods.includes(exchange.method)) return undefined
    checkAccess(authorize, exchange.user, attributesOf(stream.verb, path))
    return stream
  }

  async function answerPath(exchange: Exchange): Promise<void> {
    const { method, path, user } = exchange
    checkAccess(authorize, user, { verb: method.toLowerCase(), path })
    if (method !== 'GET') throw StatusError.noSuchResource()
    if (path === '/version' || path === '/version/') return sendJson(exchange, versionInfo)
    if (path === '/metrics' && metrics) {
      return send(exchange, await metrics(), { contentType: 'text/plain; version=0.0.4; charset=utf-8' })
    }
    if (await serveHealth(exchange, ready)) return
    if (await serveDiscovery(exchange, registry)) return
    if (await serveOpenApi(exchange)) return
    if (await serveOpenApiV2(exchange)) return
    throw StatusError.noSuchResource()
  }

  const answer = async (exchange: Exchange): Promise<void> => {
    const path = pathOf(exchange)
    if (path === undefined) return answerPath(exchange)
    const stream = streamOf(exchange, path)
    if (stream !== undefined) return stream.answer(exchange, path)
    return serveResource({ registry, authorize, logger }, exchange, path)
  }

  return {
    answer,
    async upgrade(exchange, takeOver) {
      const path = pathOf(exchange)
      const stream = path && streamOf(exchange, path)
      if (path === undefined || stream?.upgrade === undefined) return answer(exchange)
      await stream.upgrade(exchange, path, takeOver)
    },
  }
}
