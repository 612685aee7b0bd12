// The registry: every verb on every kind over one store. `contract.ts` says what it offers.
import { isStatus, StatusError } from '../../api/errors.ts'
import { namespaces } from '../../api/kinds/core-v1/namespace.ts'
import { pods } from '../../api/kinds/core-v1/pod.ts'
import { kinds as builtIn } from '../../api/kinds/index.ts'
import type { Kind, KubernetesObject } from '../../api/kinds/kind.ts'
import { decode } from '../../api/schema/decode.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Store } from '../store/store.ts'
import { AdmissionChain } from './admission/chain.ts'
import { admissionPlugins } from './admission/index.ts'
import { Feed } from './cache/feed.ts'
import { ResourceCache } from './cache/resource-cache.ts'
import { Catalogue } from './catalogue.ts'
import type { Binding, Outcome, Registry, RequestContext, Resource } from './contract.ts'
import { resourcePath } from './keys.ts'
import { Lookup } from './lookup.ts'
import { serveResource } from './resource.ts'
import { servedVersion } from './served-version.ts'
import { registryStrategies } from './strategies/index.ts'
import { initialNamespaces } from './strategies/namespace.ts'
import type { RegistryStrategy } from './strategies/strategy.ts'
import { bind } from './verbs/bind.ts'
import type { Served } from './verbs/served.ts'
import { withStoreErrors } from './verbs/store-errors.ts'

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
  /** What streams the doors can open, as `core/pods/log`; default none. */
  readonly connects?: readonly string[]
  /** How often watches are told where they stand; default one minute. */
  readonly bookmarkEveryMs?: number
}

/**
 * Opens the registry: fills the caches from the store, keeps them until the signal aborts, and makes the namespaces
 * every cluster has.
 * @throws StoreUnavailableError when the store can't be read; RangeError when an option makes no sense
 */
export async function createRegistry(options: RegistryOptions): Promise<Registry> {
  const caches = new Map<Kind, ResourceCache>()
  for (const kind of builtIn) if (isStored(kind)) caches.set(kind, cacheOf(kind))
  const feed = await Feed.open(options, caches)
  const registry = new StoreRegistry(options, feed, caches)
  await makeNamespaces(registry)
  return registry
}

class StoreRegistry implements Registry {
  readonly catalogue = new Catalogue()
  readonly #options: RegistryOptions
  readonly #feed: Feed
  /** By the version that is stored. */
  readonly #caches: Map<Kind, ResourceCache>
  readonly #resources = new Map<Kind, Resource>()
  readonly #serving = new Map<Kind, Served>()
  readonly #admission: AdmissionChain
  readonly #strategyOf: (kind: Kind) => RegistryStrategy

  constructor(options: RegistryOptions, feed: Feed, caches: Map<Kind, ResourceCache>) {
    this.#options = options
    this.#feed = feed
    this.#caches = caches
    const { store, clock, serviceCidr = '10.96.0.0/16', nodePorts = { from: 30_000, to: 32_767 } } = options
    const lookup = new Lookup({ store, feed, cache: kind => this.#cache(kind) })
    this.#admission = new AdmissionChain(admissionPlugins, lookup)
    this.#strategyOf = registryStrategies({
      store,
      clock,
      lookup,
      served: kind => this.#served(kind),
      serviceCidr,
      nodePorts,
    })
    for (const kind of builtIn) if (this.#hasFunction(kind)) this.#publish(kind)
  }

  get resources(): readonly Resource[] {
    return this.catalogue.kinds.flatMap(kind => this.#resources.get(kind) ?? [])
  }

  resource(group: string, version: string, resource: string): Resource | undefined {
    const kind = this.catalogue.find(group, version, resource)
    return kind && this.#resources.get(kind)
  }

  async add(kind: Kind): Promise<void> {
    const storage = storageOf(kind)
    if (!this.#hasFunction(kind))
      throw new RangeError(`nothing is stored of ${kind.resource}, and nothing done with them`)
    if (isStored(storage) && !this.#caches.has(storage)) {
      const cache = cacheOf(storage)
      await withStoreErrors(() => this.#feed.follow(storage, cache))
      this.#caches.set(storage, cache)
    }
    this.#publish(kind)
  }

  remove(kind: Kind): void {
    this.catalogue.remove(kind)
    this.#resources.delete(kind)
    this.#serving.delete(kind)
    const storage = storageOf(kind)
    if ([...this.#resources.keys()].some(other => storageOf(other) === storage)) return
    this.#feed.unfollow(storage)
    this.#caches.delete(storage)
  }

  bind(bindings: readonly Binding[], context: RequestContext = {}): Promise<Outcome[]> {
    return bind(this.#served(pods), bindings, context)
  }

  async ready(): Promise<void> {
    if (await withStoreErrors(() => this.#feed.fresh())) return
    throw StatusError.serviceUnavailable('the caches are behind the store')
  }

  /** Its objects are stored, or something is done with what is posted. */
  #hasFunction(kind: Kind): boolean {
    const storage = storageOf(kind)
    return isStored(storage) || '' in (this.#strategyOf(storage).actions ?? {})
  }

  #publish(kind: Kind): void {
    this.catalogue.add(kind)
    this.#resources.set(kind, serveResource(this.#served(kind), this.#offered(kind)))
  }

  #served(kind: Kind): Served {
    const known = this.#serving.get(kind)
    if (known !== undefined) return known
    const { store, clock } = this.#options
    const storage = storageOf(kind)
    const served: Served = {
      kind,
      storage,
      version: servedVersion(kind),
      registers: (apiVersion, name) => this.catalogue.registers(apiVersion, name),
      strategy: this.#strategyOf(storage),
      admission: this.#admission,
      store,
      cache: isStored(storage) ? this.#cache(storage) : cacheOf(storage),
      feed: this.#feed,
      clock,
    }
    this.#serving.set(kind, served)
    return served
  }

  /** The subresources that have a function here or at the doors. */
  #offered(kind: Kind): Kind['subresources'] {
    const storage = storageOf(kind)
    const { actions = {} } = this.#strategyOf(storage)
    const connects = this.#options.connects ?? []
    return storage.subresources.filter(({ is, name }) => {
      if (is === 'view') return true
      return is === 'action' ? name in actions : connects.includes(`${resourcePath(storage)}/${name}`)
    })
  }

  #cache(kind: Kind): ResourceCache {
    const found = this.#caches.get(kind)
    if (found === undefined) throw new RangeError(`${kind.resource} are not served`)
    return found
  }
}

const storageOf = (kind: Kind): Kind => kind.storedAs?.storage ?? kind

/** Of some kinds there is nothing but the POST. */
const isStored = ({ verbs }: Kind): boolean => verbs.includes('get')

function cacheOf(kind: Kind): ResourceCache {
  const { indexedField } = kind
  return new ResourceCache({
    kind: kind.kind,
    apiVersion: kind.apiVersion,
    complete: stored => (isComplete(kind, stored) ? stored : decode(kind.schema, stored).object),
    ...(indexedField !== undefined && {
      index: { label: indexedField, value: object => kind.selectableFields(object)[indexedField] ?? '' },
    }),
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
