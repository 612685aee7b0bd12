// A Client whose cluster is in memory, for tests of whatever takes a Client. It keeps the contract (versions, conflicts,
// selectors, watches that resume, expire and break) and knows nothing of validation, defaults or admission.
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { StatusError } from '../api/errors.ts'
import { type Pod, pods } from '../api/kinds/core-v1/pod.ts'
import { kinds } from '../api/kinds/index.ts'
import type { Kind, KubernetesObject, Stored } from '../api/kinds/kind.ts'
import { FieldSelector } from '../api/values/fields.ts'
import { LabelSelector } from '../api/values/labels.ts'
import { timeOf } from '../api/values/time.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import type { Discovery, ExecInput, ExecOutput, ExecStart, LogsRequest } from '../proto/gen/tessera.ts'
import type {
  CallOptions,
  Client,
  DeleteCollectionOptions,
  DeleteOptions,
  ListOptions,
  ObjectKey,
  Outcome,
  Page,
  Patch,
  PodBinding,
  Resource,
  Selection,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './client.ts'
import { applyPatch } from './fake-patch.ts'
import { copy, FakeStore, type Matches } from './fake-store.ts'
import type { Duplex } from './streams.ts'

type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'bind' | 'discover'

/** A call about to be served; a status update is an update with subresource "status". */
export interface FakeCall {
  readonly verb: Verb
  readonly resource: string
  readonly name: string
  readonly subresource: string
}

export interface FakeOptions {
  readonly clock?: Clock
  /** May throw, to make a call fail, or wait. */
  readonly before?: (call: FakeCall) => Promise<void> | void
  readonly logs?: (request: LogsRequest, signal?: AbortSignal) => AsyncIterable<Uint8Array>
  readonly exec?: (start: ExecStart, signal?: AbortSignal) => Duplex<ExecInput, ExecOutput>
}

export class FakeClient implements Client {
  readonly #store = new FakeStore()
  readonly #options: FakeOptions
  readonly #clock: Clock
  /** What is left of lists whose later pages are still to come, by continue token. */
  readonly #pages = new Map<string, { readonly items: readonly Stored[]; readonly resourceVersion: string }>()
  #names = 0

  constructor(options: FakeOptions = {}) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** Breaks every open watch, as a lost connection does. */
  disconnect(): void {
    this.#store.disconnect()
  }

  /** Forgets history: watches that have not seen everything, and lists half-way, get Expired. */
  compact(): void {
    this.#store.compact()
    this.#pages.clear()
  }

  async get<T extends KubernetesObject>(kind: Resource<T>, at: ObjectKey, options?: CallOptions): Promise<Stored<T>> {
    await this.#enter('get', kind, at.name, options)
    return typed(kind, this.#mustGet(kind, keyOf(at)))
  }

  async list<T extends KubernetesObject>(kind: Resource<T>, options: ListOptions = {}): Promise<Page<T>> {
    await this.#enter('list', kind, '', options)
    const from =
      options.continue === undefined
        ? { items: this.#store.list(pathOf(kind), matcher(options)), resourceVersion: String(this.#store.revision) }
        : this.#pages.get(options.continue)
    if (!from) throw StatusError.expired('The provided continue parameter is too old.')
    const items = from.items.slice(0, options.limit || undefined).map(object => typed(kind, object))
    const left = from.items.slice(items.length)
    if (left.length === 0) return { items, resourceVersion: from.resourceVersion }
    const token = randomUUID()
    this.#pages.set(token, { ...from, items: left })
    return { items, resourceVersion: from.resourceVersion, continue: token, remainingItemCount: left.length }
  }

  async *watch<T extends KubernetesObject>(
    kind: Resource<T>,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, void> {
    if (options.signal?.aborted) return
    await this.#enter('watch', kind, '', {})
    const matches = matcher(options)
    let after = Number(options.resourceVersion ?? '')
    if (after === 0) {
      after = this.#store.revision
      for (const object of this.#store.list(pathOf(kind), matches)) {
        if (options.signal?.aborted) return
        yield { type: 'ADDED', object: typed(kind, object) }
      }
      yield { type: 'BOOKMARK', resourceVersion: String(after) }
    }
    for await (const { type, object } of this.#store.watch(pathOf(kind), after, matches, options.signal)) {
      yield { type, object: typed(kind, object) }
    }
  }

  async create<T extends KubernetesObject>(kind: Resource<T>, object: T, options?: WriteOptions): Promise<Stored<T>> {
    await this.#enter('create', kind, object.metadata.name ?? '', options)
    const made: KubernetesObject = copy(object)
    const { metadata } = made
    if (!metadata.name && metadata.generateName) {
      metadata.name = `${metadata.generateName}${(++this.#names).toString(36).padStart(5, '0')}`
    }
    if (!metadata.name) throw StatusError.badRequest('metadata.name or metadata.generateName is required')
    if (this.#store.get(pathOf(kind), keyOf(made.metadata))) throw StatusError.alreadyExists(kind, metadata.name)
    metadata.uid = randomUUID()
    metadata.creationTimestamp = timeOf(this.#clock.now())
    if ('spec' in made) metadata.generation = 1
    if (options?.dryRun) return copy(made) as Stored<T>
    return typed(kind, this.#store.put(pathOf(kind), keyOf(metadata), made))
  }

  async update<T extends KubernetesObject>(kind: Resource<T>, object: T, options?: WriteOptions): Promise<Stored<T>> {
    await this.#enter('update', kind, object.metadata.name ?? '', options)
    return this.#write(kind, copy(object), options)
  }

  updateStatus<T extends KubernetesObject>(kind: Resource<T>, object: T, options?: WriteOptions): Promise<Stored<T>> {
    return this.update(kind, object, { ...options, subresource: 'status' })
  }

  async patch<T extends KubernetesObject>(
    kind: Resource<T>,
    at: ObjectKey,
    patch: Patch,
    options?: WriteOptions,
  ): Promise<Stored<T>> {
    await this.#enter('patch', kind, at.name, options)
    const current = this.#mustGet(kind, keyOf(at))
    return this.#write(kind, applyPatch(copy(current), patch, knownKind(kind)), options)
  }

  async deleteCollection<T extends KubernetesObject>(
    kind: Resource<T>,
    options: DeleteCollectionOptions = {},
  ): Promise<Page<T>> {
    const { gracePeriodSeconds, dryRun, propagationPolicy, ...selection } = options
    const page = await this.list(kind, selection)
    const deletion = {
      ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
      ...(dryRun !== undefined && { dryRun }),
      ...(propagationPolicy && { propagationPolicy }),
    }
    for (const { metadata } of page.items) await this.delete(kind, metadata, deletion)
    return page
  }

  async delete<T extends KubernetesObject>(
    kind: Resource<T>,
    at: ObjectKey,
    options: DeleteOptions = {},
  ): Promise<Stored<T> | undefined> {
    await this.#enter('delete', kind, at.name, options)
    const current = this.#mustGet(kind, keyOf(at))
    const { uid, resourceVersion } = current.metadata
    const differs = (options.uid ?? uid) !== uid || (options.resourceVersion ?? resourceVersion) !== resourceVersion
    if (differs) throw StatusError.conflict(kind, at.name, 'a precondition of the deletion does not hold')
    const graceSeconds = options.gracePeriodSeconds ?? defaultGraceSeconds(current)
    const lingers = graceSeconds > 0 || (current.metadata.finalizers ?? []).length > 0
    if (options.dryRun) return lingers ? typed(kind, current) : undefined
    if (!lingers) {
      this.#store.remove(pathOf(kind), keyOf(at))
      return undefined
    }
    if (current.metadata.deletionTimestamp !== undefined) return typed(kind, current)
    const doomed = copy(current)
    doomed.metadata.deletionTimestamp = timeOf(this.#clock.now() + graceSeconds * 1000)
    doomed.metadata.deletionGracePeriodSeconds = graceSeconds
    return typed(kind, this.#store.put(pathOf(kind), keyOf(at), doomed))
  }

  async bind(bindings: readonly PodBinding[], options?: CallOptions): Promise<Outcome<Pod>[]> {
    await this.#enter('bind', pods, '', options)
    return bindings.map(binding => outcome(() => this.#bind(binding)))
  }

  async updateStatuses<T extends KubernetesObject>(
    kind: Resource<T>,
    objects: readonly T[],
    options?: CallOptions,
  ): Promise<Outcome<T>[]> {
    await this.#enter('update', kind, '', { ...options, subresource: 'status' })
    return objects.map(object => outcome(() => this.#write(kind, copy(object), { subresource: 'status' })))
  }

  async discover(options?: CallOptions): Promise<Discovery> {
    await this.#enter('discover', { group: '', version: '', resource: '' }, '', options)
    return {
      version: 'v0.0.0-fake',
      gitCommit: '',
      resources: kinds.map(({ group, version, resource, singular, kind, namespaced, shortNames, verbs }) => ({
        group,
        version,
        name: resource,
        singularName: singular,
        kind,
        namespaced,
        shortNames: [...shortNames],
        verbs: [...verbs],
      })),
    }
  }

  logs(request: LogsRequest, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    if (!this.#options.logs) throw new Error('this FakeClient was made without logs')
    return this.#options.logs(request, signal)
  }

  exec(start: ExecStart, signal?: AbortSignal): Duplex<ExecInput, ExecOutput> {
    if (!this.#options.exec) throw new Error('this FakeClient was made without exec')
    return this.#options.exec(start, signal)
  }

  close(): void {
    this.disconnect()
  }

  async #enter(verb: Verb, kind: Resource, name: string, options: WriteOptions = {}): Promise<void> {
    options.signal?.throwIfAborted()
    await this.#options.before?.({ verb, resource: kind.resource, name, subresource: options.subresource ?? '' })
    options.signal?.throwIfAborted()
  }

  #mustGet(kind: Resource, key: string): Stored {
    const object = this.#store.get(pathOf(kind), key)
    if (!object) throw StatusError.notFound(kind, key.slice(key.indexOf('/') + 1))
    return object
  }

  #write<T extends KubernetesObject>(
    kind: Resource<T>,
    wanted: KubernetesObject,
    options: WriteOptions = {},
  ): Stored<T> {
    const { name = '', uid, resourceVersion } = wanted.metadata
    const key = keyOf(wanted.metadata)
    const current = this.#mustGet(kind, key)
    if (uid !== undefined && uid !== current.metadata.uid) {
      throw StatusError.conflict(kind, name, `the object's uid is ${current.metadata.uid}, not ${uid}`)
    }
    if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion) {
      throw StatusError.modified(kind, name)
    }
    const next = merged(current, wanted, options.subresource === 'status', hasStatus(kind))
    if (isDeepStrictEqual(next, current)) return typed(kind, current)
    if (options.dryRun) return typed(kind, next)
    const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = next.metadata
    if (deletionTimestamp === undefined || deletionGracePeriodSeconds > 0 || finalizers.length > 0) {
      return typed(kind, this.#store.put(pathOf(kind), key, next))
    }
    this.#store.remove(pathOf(kind), key)
    return typed(kind, next)
  }

  #bind({ namespace, name, uid, node }: PodBinding): Stored<Pod> {
    const current = copy(typed(pods, this.#mustGet(pods, keyOf({ namespace, name }))))
    if (current.metadata.uid !== uid) throw StatusError.conflict(pods, name, `the pod's uid is ${current.metadata.uid}`)
    if (current.metadata.deletionTimestamp) throw StatusError.conflict(pods, name, 'the pod is being deleted')
    if (current.spec.nodeName) {
      throw StatusError.conflict(pods, name, `the pod is already assigned to node "${current.spec.nodeName}"`)
    }
    current.spec.nodeName = node
    const others = (current.status.conditions ?? []).filter(condition => condition.type !== 'PodScheduled')
    const lastTransitionTime = timeOf(this.#clock.now())
    current.status.conditions = [...others, { type: 'PodScheduled', status: 'True', lastTransitionTime }]
    return typed(pods, this.#store.put(pathOf(pods), keyOf(current.metadata), current))
  }
}

const versionOf = ({ group, version }: Resource): string => (group === '' ? version : `${group}/${version}`)
const pathOf = (kind: Resource): string => `${versionOf(kind)}/${kind.resource}`
const keyOf = ({ namespace, name }: { namespace?: string | undefined; name?: string | undefined }): string =>
  `${namespace ?? ''}/${name ?? ''}`

/** A copy, so that nobody writes into the store, as the type its kind says it has. */
function typed<T extends KubernetesObject>(_kind: Resource<T>, object: Stored): Stored<T> {
  return copy(object) as Stored<T>
}

function hasStatus(kind: Resource): boolean {
  return knownKind(kind)?.subresources.some(({ name }) => name === 'status') ?? false
}

function knownKind({ group, version, resource }: Resource): Kind | undefined {
  return kinds.find(kind => kind.group === group && kind.version === version && kind.resource === resource)
}

/** What an update makes of the stored object: status and the rest are written separately. */
function merged(current: Stored, wanted: KubernetesObject, statusOnly: boolean, separateStatus: boolean): Stored {
  const status = 'status' in current ? { status: current.status } : {}
  const written = statusOnly
    ? { ...current, ...('status' in wanted && { status: wanted.status }) }
    : { ...wanted, ...(separateStatus && status) }
  const { name, uid, resourceVersion, creationTimestamp, deletionTimestamp, generation } = current.metadata
  const specChanged = 'spec' in current && 'spec' in written && !isDeepStrictEqual(current.spec, written.spec)
  const metadata = {
    ...written.metadata,
    ...{ name, uid, resourceVersion, creationTimestamp },
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    ...(generation !== undefined && { generation: specChanged ? generation + 1 : generation }),
  }
  return { ...written, metadata }
}

/** A bound pod has time to end; everything else goes at once. */
function defaultGraceSeconds(object: Stored): number {
  if (object.kind !== 'Pod' || !valueAt(object, 'spec.nodeName')) return 0
  return Number(valueAt(object, 'spec.terminationGracePeriodSeconds') || 30)
}

function matcher({ namespace, labelSelector = '', fieldSelector = '' }: Selection): Matches {
  const labels = LabelSelector.parse(labelSelector)
  const fields = FieldSelector.parse(fieldSelector)
  const named = fields.requirements.map(({ field }) => field)
  return object =>
    (!namespace || object.metadata.namespace === namespace) &&
    labels.matches(object.metadata.labels) &&
    fields.matches(Object.fromEntries(named.map(field => [field, valueAt(object, field)])))
}

/** The scalar at a dotted path, as text; empty when there is none. */
function valueAt(object: object, path: string): string {
  let value: unknown = object
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null) return ''
    value = new Map<string, unknown>(Object.entries(value)).get(step)
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

function outcome<T extends KubernetesObject>(write: () => Stored<T>): Outcome<T> {
  try {
    return { ok: true, object: write() }
  } catch (error) {
    return { ok: false, status: StatusError.of(error).status }
  }
}
