// The control plane as a program: store, registry, both doors, controllers, and the scheduler if asked to.
import { setMaxListeners } from 'node:events'
import { GrpcClient } from '../client/grpc.ts'
import { loadKubeconfig } from '../client/kubeconfig.ts'
import { aborted, childController, processSignal } from '../lib/abort.ts'
import { systemClock } from '../lib/clock.ts'
import { createLogger, type Logger } from '../lib/logger.ts'
import { createMetrics } from '../lib/metrics.ts'
import { authenticate } from './auth/authenticate.ts'
import { createAuthorizer } from './auth/authorize.ts'
import { NodeGraph } from './auth/node-graph.ts'
import { openPki, type Pki } from './auth/pki.ts'
import { adminUser, controllerManagerUser, nodeUser, schedulerUser } from './auth/users.ts'
import { addressText, type Config, ConfigError, help, parseConfig } from './config.ts'
import { AgentConnections } from './controllers/agent-connections.ts'
import { runControllers } from './controllers/controllers.ts'
import { followPods } from './pod-references.ts'
import { createRegistry } from './registry/registry.ts'
import { superviseScheduler } from './scheduler-thread.ts'
import { connects } from './server/connects.ts'
import { startGrpcServer } from './server/grpc/server.ts'
import { startRestServer } from './server/rest/server.ts'
import { Sessions } from './server/sessions/sessions.ts'
import { openStore } from './store/open.ts'
import { type Store, StoreUnavailableError } from './store/store.ts'

/** What a control plane that runs can be reached by. */
export interface Running {
  /** HOST:PORT, as listened on. */
  readonly rest: string
  readonly grpc: string
  readonly adminKubeconfig: string
}

/**
 * Runs until the signal aborts; then the doors close first, and the store last.
 * @param ready called when both doors are open
 * @throws ConfigError, StoreUnavailableError or another Error that says what is in the way
 */
export async function run(config: Config, signal: AbortSignal, ready?: (running: Running) => void): Promise<void> {
  const logger = createLogger('control-plane')
  const names = [config.advertiseHost, config.listen.host, config.grpcListen.host, ...config.extraNames]
  const pki = await openPki(config.pkiDirectory, { serverNames: names })
  const store = await openStore(config.store, { logger })
  try {
    await serve({ config, pki, store, logger }, signal, ready)
  } finally {
    await store.close()
  }
}

interface Opened {
  readonly config: Config
  readonly pki: Pki
  readonly store: Store
  readonly logger: Logger
}

async function serve(
  { config, pki, store, logger }: Opened,
  signal: AbortSignal,
  ready?: (running: Running) => void,
): Promise<void> {
  const clock = systemClock
  // What calls the doors ends with them; what they stand on ends after them.
  using front = childController(signal)
  const behind = new AbortController()
  // Every watch and stream listens to them.
  setMaxListeners(0, front.signal, behind.signal)
  const ending: Promise<unknown>[] = []
  const foundation: Promise<unknown>[] = []
  // Agents and controllers may read their kubeconfigs before the doors are open, and wait for them.
  const portsKnown = config.listen.port !== 0 && config.grpcListen.port !== 0
  let kubeconfigs = portsKnown ? await writeKubeconfigs(pki, config) : undefined
  try {
    const registry = await createRegistry({ store, clock, logger, connects, signal: behind.signal })
    const graph = new NodeGraph()
    await new Promise<void>(synced => {
      foundation.push(followPods({ registry, graph, logger, signal: behind.signal, synced }))
      front.signal.addEventListener('abort', () => synced(), { once: true })
    })
    const connections = new AgentConnections()
    const sessions = new Sessions({
      clock,
      logger,
      signal: front.signal,
      onChange: (node, connected) => connections.changed(node, connected),
    })
    const door = {
      registry,
      sessions,
      authenticate,
      authorize: createAuthorizer(graph),
      tls: pki.server,
      logger,
      signal: front.signal,
    }
    const metrics = createMetrics()
    const checks = [
      {
        name: 'store',
        check: async (request: AbortSignal) => {
          await store.currentRevision(request)
        },
      },
    ]
    const rest = await listening(
      '--listen',
      startRestServer({ ...door, listen: config.listen, checks, metrics: () => metrics.text() }),
    )
    ending.push(rest.closed)
    const grpc = await listening('--grpc-listen', startGrpcServer({ ...door, listen: config.grpcListen }))
    ending.push(grpc.closed)
    kubeconfigs ??= await writeKubeconfigs(pki, config, { rest: rest.port, grpc: grpc.port })
    // Only the embedded store has a single control plane for sure.
    const elect = !config.store.startsWith('embedded:')
    const client = new GrpcClient(loadKubeconfig(kubeconfigs.controllerManager), 'kube-controller-manager')
    ending.push(
      runControllers(
        { client, connections, clock, logger: logger.child({ part: 'controllers' }), elect },
        front.signal,
      ).finally(() => client.close()),
    )
    if (config.withScheduler) ending.push(superviseScheduler(kubeconfigs.scheduler, logger, front.signal))
    ready?.({
      rest: addressText(rest.host, rest.port),
      grpc: addressText(grpc.host, grpc.port),
      adminKubeconfig: kubeconfigs.admin,
    })
    await aborted(signal)
  } finally {
    front.abort()
    await Promise.all(ending)
    behind.abort()
    await Promise.all(foundation)
  }
}

async function writeKubeconfigs(
  pki: Pki,
  { advertiseHost, listen, grpcListen, nodeKubeconfigs }: Config,
  ports = { rest: listen.port, grpc: grpcListen.port },
) {
  const doors = { rest: addressText(advertiseHost, ports.rest), grpc: addressText(advertiseHost, ports.grpc) }
  for (const node of nodeKubeconfigs) await pki.kubeconfig(`node-${node}`, nodeUser(node), doors)
  return {
    admin: await pki.kubeconfig('admin', adminUser, doors),
    scheduler: await pki.kubeconfig('scheduler', schedulerUser, doors),
    controllerManager: await pki.kubeconfig('controller-manager', controllerManagerUser, doors),
  }
}

/** @throws ConfigError that says what to do about a port that is taken or forbidden */
async function listening<T>(flag: string, starting: Promise<T>): Promise<T> {
  try {
    return await starting
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    let advice = ''
    if (message.includes('EADDRINUSE')) {
      advice = `: another program listens there (\`ss -ltnp\` shows which); stop it, or choose another port with ${flag}`
    } else if (message.includes('EADDRNOTAVAIL')) {
      advice = `: this machine has no such address; choose one of its own with ${flag}`
    } else if (message.includes('EACCES')) {
      advice = `: ports below 1024 want root; choose another with ${flag}`
    }
    throw new ConfigError(message + advice, { cause: error })
  }
}

async function main(): Promise<void> {
  try {
    const config = parseConfig(process.argv.slice(2))
    if (!config) process.stdout.write(help)
    else await run(config, processSignal())
  } catch (error) {
    const expected = error instanceof ConfigError || error instanceof StoreUnavailableError
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    process.stderr.write(`control-plane: ${expected ? error.message : detail}\n`)
    process.exitCode = 1
  }
}

await main()
