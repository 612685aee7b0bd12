// Both doors on loopback ports of their own, with certificates of a CA of their own, around any registry.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, type RequestOptions, request } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ClusterConfig } from '../../client/kubeconfig.ts'
import { loadKubeconfig } from '../../client/kubeconfig.ts'
import { authenticate, type User } from '../../control-plane/auth/authenticate.ts'
import { createAuthorizer } from '../../control-plane/auth/authorize.ts'
import { openPki } from '../../control-plane/auth/pki.ts'
import { adminUser, nodeUser } from '../../control-plane/auth/users.ts'
import type { Registry } from '../../control-plane/registry/contract.ts'
import { createRegistry } from '../../control-plane/registry/registry.ts'
import { connects } from '../../control-plane/server/connects.ts'
import { startGrpcServer } from '../../control-plane/server/grpc/server.ts'
import { startRestServer } from '../../control-plane/server/rest/server.ts'
import { Sessions, type SessionsOptions } from '../../control-plane/server/sessions/sessions.ts'
import { openStore } from '../../control-plane/store/open.ts'
import { systemClock } from '../../lib/clock.ts'
import { type Logger, silentLogger } from '../../lib/logger.ts'

export interface Answer {
  readonly code: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}

export interface Doors extends AsyncDisposable {
  readonly sessions: Sessions
  readonly rest: { readonly host: string; readonly port: number }
  readonly admin: ClusterConfig
  /** The administrator's kubeconfig, a file. */
  readonly kubeconfig: string
  config(name: string, user: User): Promise<ClusterConfig>
  nodeConfig(node: string): Promise<ClusterConfig>
  /** One request over HTTPS; `as` is the client's certificate, without it the client is nobody. */
  fetch(
    target: string,
    options?: RequestOptions & { body?: string | Buffer; as?: ClusterConfig | null },
  ): Promise<Answer>
  close(): Promise<void>
}

export interface DoorsOptions extends Pick<SessionsOptions, 'onChange' | 'answerWithinMs'> {
  readonly logger?: Logger
}

export async function openDoors(registry: Registry, options: DoorsOptions = {}): Promise<Doors> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tessera-doors-'))
  const controller = new AbortController()
  const { signal } = controller
  const { logger = silentLogger, ...sessionOptions } = options
  const pki = await openPki(path.join(folder, 'pki'))
  const sessions = new Sessions({ clock: systemClock, logger, signal, ...sessionOptions })
  const references = { hasPod: () => true, refers: () => true }
  const shared = { registry, sessions, authenticate, authorize: createAuthorizer(references), tls: pki.server, logger }
  const listen = { host: '127.0.0.1', port: 0 }
  const rest = await startRestServer({ ...shared, listen, signal })
  const grpc = await startGrpcServer({ ...shared, listen, signal })
  const addresses = { rest: `127.0.0.1:${rest.port}`, grpc: `127.0.0.1:${grpc.port}` }
  const kubeconfigOf = (name: string, user: User): Promise<string> => pki.kubeconfig(name, user, addresses)
  const config = async (name: string, user: User) => loadKubeconfig(await kubeconfigOf(name, user))
  const kubeconfig = await kubeconfigOf('admin', adminUser)
  const admin = loadKubeconfig(kubeconfig)
  const ca = readFileSync(path.join(folder, 'pki', 'ca.crt'))

  const close = async (): Promise<void> => {
    controller.abort()
    await Promise.all([rest.closed, grpc.closed])
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    sessions,
    rest,
    admin,
    kubeconfig,
    config,
    nodeConfig: node => config(node, nodeUser(node)),
    fetch: (target, { body, as = admin, ...rest_ } = {}) =>
      fetched({ ...rest_, host: '127.0.0.1', port: rest.port, path: target, ca, ...identity(as) }, body),
    close,
    [Symbol.asyncDispose]: close,
  }
}

export interface ControlPlane extends AsyncDisposable {
  readonly registry: Registry
  readonly doors: Doors
  close(): Promise<void>
}

/** Doors around a registry on an embedded store of its own. */
export async function openControlPlane(options?: DoorsOptions): Promise<ControlPlane> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tessera-control-plane-'))
  const controller = new AbortController()
  const store = await openStore(`embedded:${path.join(folder, 'store')}`)
  const registry = await createRegistry({
    store,
    connects,
    clock: systemClock,
    logger: silentLogger,
    signal: controller.signal,
  })
  const doors = await openDoors(registry, options)
  const close = async (): Promise<void> => {
    await doors.close()
    controller.abort()
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { registry, doors, close, [Symbol.asyncDispose]: close }
}

const identity = (as: ClusterConfig | null) => (as === null ? {} : { cert: as.cert, key: as.key })

function fetched(options: RequestOptions, body: string | Buffer | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ ...options, agent: new Agent() }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        resolve({ code: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() })
      })
    })
    call.on('error', reject)
    // Node sends no length of its own with methods that rarely have a body, such as DELETE.
    if (body !== undefined) call.setHeader('Content-Length', Buffer.byteLength(body))
    call.end(body)
  })
}
