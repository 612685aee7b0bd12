// The registry: every verb on every kind over one store. `contract.ts` says what it offers.
import { isStatus, StatusError } from '../../api/errors.ts'
import { namespaces, pods, services } from '../../api/kinds/core-v1.ts'
import { kinds } from '../../api/kinds/index.ts'
import type { Kind, KubernetesObject } from '../../api/kinds/kind.ts'
import { decode } from '../../api/schema/decode.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Store } from '../store/store.ts'
import { Feed } from './cache/feed.ts'
import { type FieldIndex, ResourceCache } from './cache/resource-cache.ts'
import type { Registry } from './contract.ts'
import { serveResource } from './resource.ts'
import { strategies } from './strategies/index.ts'
import { initialNamespaces } from './strategies/namespace.ts'
import { isService } from './strategies/service.ts'
import type { Strategy } from './strategies/strategy.ts'
import { bind } from './verbs/bind.ts'
import { resourcePath, type Served } from './verbs/served.ts'
import { asking } from './verbs/store-errors.ts'

export type * from './contract.ts'

export interface RegistryOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Where Services get their addresses from; default 10.96.0.0/16. */
  readonly serviceCidr?: string
  /** Where Services get their node ports from, both inclusive; default 30000 to 32767. */
  readonly nodePorts?: { readonly from: number; readonly to: number }
  /** How often watches are told where they stand; default one minute. */
  readonly bookmarkEveryMs?: number
}

/**
 * Opens the registry: fills the caches from the store, keeps them until the signal aborts, and makes the namespaces
 * every cluster has.
 * @throws StoreUnavailableError when the store can't be read; RangeError when an option makes no sense
 */
export async function createRegistry(options: RegistryOptions): Promise<Registry> {
  const { store, clock, bookmarkEveryMs } = options
  const strategyOf = strategies({
    store,
    clock,
    find: uid =>
      serviceCache
        .candidates(everyObject)
        .map(({ object }) => object)
        .filter(isService)
        .find(({ metadata }) => metadata.uid === uid),
    cidr: options.serviceCidr ?? '10.96.0.0/16',
    nodePorts: options.nodePorts ?? { from: 30_000, to: 32_767 },
  })
  const caches = new Map(kinds.map(kind => [kind, cacheOf(kind, strategyOf.get(kind) ?? {})]))
  const cache = (kind: Kind): ResourceCache => {
    const found = caches.get(kind)
    if (found === undefined) throw new RangeError(`${kind.resource} are not served`)
    return found
  }
  const serviceCache = cache(services)
  const feed = await Feed.open({
    ...options,
    caches: new Map([...caches].map(([kind, cache]) => [resourcePath(kind), cache])),
    ...(bookmarkEveryMs !== undefined && { bookmarkEveryMs }),
  })
  const serve = (kind: Kind): Served => ({
    kind,
    strategy: strategyOf.get(kind) ?? {},
    store,
    cache: cache(kind),
    feed,
    clock,
    namespaces: cache(namespaces),
  })
  const served = new Map(kinds.map(kind => [kind, serve(kind)]))
  const servedPods = serve(pods)
  const resources = new Map(
    [...served].map(([kind, one]) => [`${kind.apiVersion}/${kind.resource}`, serveResource(one, () => servedPods)]),
  )
  const registry: Registry = {
    resources: [...resources.values()],
    resource: (group, version, resource) =>
      resources.get(`${group === '' ? version : `${group}/${version}`}/${resource}`),
    bind: (bindings, context = {}) => bind(servedPods, bindings, context),
    async ready() {
      if (!(await asking(() => feed.fresh()))) throw StatusError.serviceUnavailable('the caches are behind the store')
    },
  }
  await makeNamespaces(registry)
  return registry
}

const everyObject = { namespace: '', selects: () => true, everything: true } as const

function cacheOf(kind: Kind, { indexedField }: Strategy): ResourceCache {
  const index: FieldIndex | undefined =
    indexedField === undefined
      ? undefined
      : {
          label: indexedField,
          value: (object: KubernetesObject) => kind.behaviour.selectableFields?.(object)[indexedField] ?? '',
        }
  return new ResourceCache({
    kind: kind.kind,
    apiVersion: kind.apiVersion,
    complete: stored => (isComplete(kind, stored) ? stored : decode(kind.schema, stored).object),
    ...(index && { index }),
  })
}

/** Older programs, and others, may have written objects without parts that readers take for granted (`spec`). */
function isComplete({ schema }: Kind, stored: KubernetesObject): boolean {
  return schema.fields.every(({ name, rules: { byValue, required } }) =>
    byValue === true || required === true ? Object.hasOwn(stored, name) : true,
  )
}

async function makeNamespaces(registry: Registry): Promise<void> {
  const { group, version, resource, apiVersion, kind } = namespaces
  for (const name of initialNamespaces) {
    try {
      await registry
        .resource(group, version, resource)
        ?.create({ namespace: '', name }, { apiVersion, kind, metadata: { name } })
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error
    }
  }
}
