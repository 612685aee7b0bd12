// What is served where.
import type { Duplex } from 'node:stream'
import { StatusError } from '../../../api/errors.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { Authorize } from '../../auth/authorize.ts'
import type { Registry } from '../../registry/contract.ts'
import { checkAccess } from '../access.ts'
import type { PodStreams } from '../sessions/pods.ts'
import { versionInfo } from '../version.ts'
import { serveDiscovery } from './discovery.ts'
import type { Exchange } from './exchange.ts'
import { checkProtocol, serveExec } from './exec/exec.ts'
import { execStart } from './exec/upgrade.ts'
import { type HealthCheck, serveHealth } from './health.ts'
import { serveLogs } from './logs.ts'
import { openApi } from './openapi.ts'
import { serveOpenApiV2 } from './openapi-v2.ts'
import { parseResourcePath, type ResourcePath } from './path.ts'
import { send, sendJson } from './reply.ts'
import { serveResource } from './resources.ts'

export interface RoutesOptions {
  readonly registry: Registry
  readonly pods: PodStreams
  readonly authorize: Authorize
  readonly logger: Logger
  readonly checks?: readonly HealthCheck[]
  readonly metrics?: () => Promise<string>
}

/** The connection itself, once nothing but the new protocol will be spoken on it. */
type TakeOver = () => { readonly socket: Duplex; readonly head: Buffer }

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

  function checkPodAccess(exchange: Exchange, verb: string, path: ResourcePath): void {
    checkAccess(authorize, exchange.user, { ...path, verb })
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

  /**
   * What is wrong with the pod is said before the form of the connection is looked at: kubectl tries another form after
   * a refusal, and shows the last one.
   */
  async function prepareExec(exchange: Exchange, path: ResourcePath): Promise<void> {
    checkPodAccess(exchange, 'create', path)
    await pods.checkExec(execStart(exchange.query, path), exchange.signal)
    checkProtocol(exchange.request)
  }

  const answer = async (exchange: Exchange): Promise<void> => {
    const path = parseResourcePath(exchange.path)
    if (path === undefined) return answerPath(exchange)
    if (isPodStream(path, 'log') && exchange.method === 'GET') {
      checkPodAccess(exchange, 'get', path)
      return serveLogs(exchange, pods, path)
    }
    if (isPodStream(path, 'exec')) return prepareExec(exchange, path)
    return serveResource({ registry, authorize, logger }, exchange, path)
  }

  return {
    answer,
    async upgrade(exchange, takeOver) {
      const path = parseResourcePath(exchange.path)
      if (path === undefined || !isPodStream(path, 'exec')) return answer(exchange)
      await prepareExec(exchange, path)
      const { request, query, signal } = exchange
      const { socket, head } = takeOver()
      await serveExec({ request, socket, head, query }, () => pods.exec(execStart(query, path), signal), logger)
    },
  }
}

function isPodStream({ group, version, resource, name, subresource }: ResourcePath, wanted: string): boolean {
  return group === '' && version === 'v1' && resource === 'pods' && name !== '' && subresource === wanted
}
