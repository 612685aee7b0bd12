// What every controller is given: the API, one shared copy of what is watched, and the time.
import type { Lease } from '../../api/kinds/coordination-v1/lease.ts'
import type { Namespace } from '../../api/kinds/core-v1/namespace.ts'
import type { Node } from '../../api/kinds/core-v1/node.ts'
import type { Pod } from '../../api/kinds/core-v1/pod.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../client/events.ts'
import type { Informer } from '../../client/informer.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/logger.ts'

export interface ControllerContext {
  readonly client: Client
  readonly clock: Clock
  readonly logger: Logger
  readonly events: EventRecorder
  readonly signal: AbortSignal
  readonly nodes: Informer<Node>
  readonly namespaces: Informer<Namespace>
  /** Of kube-node-lease. */
  readonly leases: Informer<Lease>
  /** By the node they are bound to, besides by name. */
  readonly pods: Informer<Pod, 'node'>
}
