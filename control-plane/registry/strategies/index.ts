// The kinds that need more than their entry says. Any other needs nothing here.

import { bindings } from '../../../api/kinds/core-v1/binding.ts'
import { namespaces } from '../../../api/kinds/core-v1/namespace.ts'
import { pods } from '../../../api/kinds/core-v1/pod.ts'
import { services } from '../../../api/kinds/core-v1/service.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { Store } from '../../store/store.ts'
import { resourcePath } from '../keys.ts'
import type { Lookup } from '../lookup.ts'
import { createBinding } from '../verbs/bind.ts'
import type { Served } from '../verbs/served.ts'
import { namespaceStrategy } from './namespace.ts'
import type { NumberRange } from './number-pool.ts'
import { serviceStrategy } from './service.ts'
import type { ActionRequest, RegistryStrategy } from './strategy.ts'

export interface StrategyOptions {
  readonly store: Store
  readonly clock: Clock
  readonly lookup: Lookup
  /** What verbs of another kind work on. */
  readonly served: (kind: Kind) => Served
  readonly serviceCidr: string
  readonly nodePorts: NumberRange
}

/** By identity: the strategy of a stored kind, or of one that is only posted. */
export function registryStrategies(options: StrategyOptions): (kind: Kind) => RegistryStrategy {
  const bind = (request: ActionRequest) => createBinding(options.served(pods), request)
  const strategies = new Map<string, RegistryStrategy>([
    [resourcePath(bindings), { actions: { '': bind } }],
    [resourcePath(namespaces), namespaceStrategy],
    [resourcePath(pods), { actions: { binding: bind } }],
    [resourcePath(services), serviceStrategy(options)],
  ])
  return kind => strategies.get(resourcePath(kind)) ?? plain
}

const plain: RegistryStrategy = {}
