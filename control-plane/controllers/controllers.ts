// All controllers on one connection and one set of caches.
import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { hostname } from 'node:os'
import { leases } from '../../api/kinds/coordination-v1/lease.ts'
import { namespaces } from '../../api/kinds/core-v1/namespace.ts'
import { nodes } from '../../api/kinds/core-v1/node.ts'
import { pods } from '../../api/kinds/core-v1/pod.ts'
import type { Client } from '../../client/client.ts'
import { EventWriter } from '../../client/events.ts'
import { Informer } from '../../client/informer.ts'
import { withLeadership } from '../../client/leader-election.ts'
import { aborted, isAborted, sleep } from '../../lib/abort.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/logger.ts'
import type { AgentConnections } from './agent-connections.ts'
import type { ControllerContext } from './context.ts'
import { NamespaceLifecycle } from './namespaces/namespaces.ts'
import { leaseNamespace, NodeLifecycle } from './node-lifecycle/node-lifecycle.ts'
import { TaintEviction } from './node-lifecycle/taint-eviction.ts'
import { PodGarbageCollector } from './pod-gc/pod-gc.ts'

export interface ControllersOptions {
  readonly client: Client
  readonly connections: AgentConnections
  readonly clock: Clock
  readonly logger: Logger
  /** Whether other control planes work on the same objects: then one of them does this at a time. */
  readonly elect: boolean
}

const retryMs = 1000

/** Runs the controllers until the signal aborts. */
export async function runControllers(options: ControllersOptions, signal: AbortSignal): Promise<void> {
  if (!options.elect) return lead(options, signal)
  const { client, clock, logger } = options
  const election = {
    namespace: 'kube-system',
    name: 'kube-controller-manager',
    identity: `${hostname()}_${randomUUID()}`,
    clock,
    onError: (err: unknown) => logger.warn({ err }, 'the election of a leader failed; trying again'),
  }
  while (!signal.aborted) {
    try {
      await withLeadership(client, election, signal, leading => lead(options, leading))
    } catch (error) {
      if (!isAborted(signal)) logger.warn({ err: error }, 'no longer leading')
    }
    await sleep(retryMs, signal)
  }
}

async function lead({ client, connections, clock, logger }: ControllersOptions, signal: AbortSignal): Promise<void> {
  // Every informer, queue and call listens to it.
  setMaxListeners(0, signal)
  const onError = (err: unknown): void => logger.warn({ err }, 'a watch failed; it will be tried again')
  const component = 'node-controller'
  const onDropped = (_: unknown, err: unknown): void => logger.warn({ err }, 'dropped an event')
  const context: ControllerContext = {
    client,
    clock,
    logger,
    signal,
    events: new EventWriter(client, { component, clock, onDropped }, signal),
    nodes: new Informer(client, nodes, { onError }),
    namespaces: new Informer(client, namespaces, { onError }),
    leases: new Informer(client, leases, { namespace: leaseNamespace, onError }),
    pods: new Informer(client, pods, {
      indexes: { node: pod => (pod.spec.nodeName ? [pod.spec.nodeName] : []) },
      onError,
    }),
  }
  const informers = [context.nodes, context.namespaces, context.leases, context.pods]
  const running = informers.map(informer => informer.run(signal))
  await Promise.race([aborted(signal), Promise.all(informers.map(informer => informer.synced))])
  if (!signal.aborted) {
    new NodeLifecycle(context, connections).start()
    new TaintEviction(context).start()
    new NamespaceLifecycle(context).start()
    new PodGarbageCollector(context).start()
  }
  await Promise.all(running)
}
