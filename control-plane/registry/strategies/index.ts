// The kinds that behave specially. Any other needs nothing here.
import { leases } from '../../../api/kinds/coordination-v1.ts'
import { events, namespaces, nodes, pods, services } from '../../../api/kinds/core-v1.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { namespaceStrategy } from './namespace.ts'
import { podStrategy } from './pod.ts'
import { type ServiceStrategyOptions, serviceStrategy } from './service.ts'
import type { Strategy } from './strategy.ts'

/** Events are of use for an hour. */
const eventTtlSeconds = 3600

export function strategies(options: ServiceStrategyOptions): ReadonlyMap<Kind, Strategy> {
  return new Map<Kind, Strategy>([
    [events, { ttlSeconds: eventTtlSeconds }],
    [leases, { unconditionalUpdate: false }],
    [namespaces, namespaceStrategy],
    [nodes, { tracksGeneration: false, createsStatus: true }],
    [pods, podStrategy],
    [services, serviceStrategy(options)],
  ])
}
