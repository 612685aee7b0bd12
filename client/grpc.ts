// The client that speaks to a control plane: objects travel as JSON bytes.
import { StatusError } from '../api/errors.ts'
import type { Pod } from '../api/kinds/core-v1/pod.ts'
import type { KubernetesObject, Stored } from '../api/kinds/kind.ts'
import type { Status } from '../api/kinds/meta-v1/status.ts'
import {
  Api,
  type Discovery,
  type ExecInput,
  type ExecOutput,
  type ExecStart,
  type LogsRequest,
  type ObjectList,
  type WatchEvent as WireEvent,
  type Outcome as WireOutcome,
} from '../proto/gen/tessera.ts'
import { Channel } from './channel.ts'
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
import type { ClusterConfig } from './kubeconfig.ts'
import type { Duplex } from './streams.ts'

const unaryDeadlineMs = 10_000
const listDeadlineMs = 60_000

export class GrpcClient implements Client {
  readonly #channel: Channel

  /** @param userAgent what the program calls itself; writers are known by it */
  constructor(config: ClusterConfig, userAgent = 'tessera') {
    this.#channel = new Channel(config, userAgent)
  }

  async get<T extends KubernetesObject>(kind: Resource<T>, at: ObjectKey, options?: CallOptions): Promise<Stored<T>> {
    const answer = await this.#channel.unary(Api.Get, { ...target(kind), ...placed(at) }, reading(options))
    return decode(answer.json)
  }

  async list<T extends KubernetesObject>(kind: Resource<T>, options: ListOptions = {}): Promise<Page<T>> {
    const answer = await this.#channel.unary(
      Api.List,
      { ...target(kind), ...selected(options), limit: options.limit, continue: options.continue },
      { ...reading(options), deadlineMs: options.deadlineMs ?? listDeadlineMs, large: true },
    )
    return page(answer)
  }

  async *watch<T extends KubernetesObject>(
    kind: Resource<T>,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, void> {
    const request = {
      ...target(kind),
      ...selected(options),
      resourceVersion: options.resourceVersion,
      allowBookmarks: options.bookmarks,
    }
    for await (const event of this.#channel.serverStream(Api.Watch, request, options.signal)) yield watchEvent(event)
  }

  async create<T extends KubernetesObject>(kind: Resource<T>, object: T, options?: WriteOptions): Promise<Stored<T>> {
    const { namespace, name } = metadataOf(object)
    const at = options?.subresource === undefined ? { namespace } : { namespace, name }
    const request = { ...target(kind), ...at, object: encode(object), ...written(options) }
    return decode((await this.#channel.unary(Api.Create, request, writing(options))).json)
  }

  async update<T extends KubernetesObject>(kind: Resource<T>, object: T, options?: WriteOptions): Promise<Stored<T>> {
    const request = { ...target(kind), ...placed(metadataOf(object)), object: encode(object), ...written(options) }
    return decode((await this.#channel.unary(Api.Update, request, writing(options))).json)
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
    const request = {
      ...target(kind),
      ...placed(at),
      patchType: patch.type,
      patch: encode(patch.body),
      ...written(options),
    }
    return decode((await this.#channel.unary(Api.Patch, request, writing(options))).json)
  }

  async delete<T extends KubernetesObject>(
    kind: Resource<T>,
    at: ObjectKey,
    options: DeleteOptions = {},
  ): Promise<Stored<T> | undefined> {
    const { gracePeriodSeconds, uid, resourceVersion, dryRun, propagationPolicy } = options
    const request = {
      ...target(kind),
      ...placed(at),
      gracePeriodSeconds,
      uid,
      resourceVersion,
      dryRun,
      propagationPolicy,
    }
    const answer = decode<Stored<T> | Status>((await this.#channel.unary(Api.Delete, request, writing(options))).json)
    return isStatus(answer) ? undefined : answer
  }

  async deleteCollection<T extends KubernetesObject>(
    kind: Resource<T>,
    options: DeleteCollectionOptions = {},
  ): Promise<Page<T>> {
    const { gracePeriodSeconds, dryRun, propagationPolicy } = options
    const request = { ...target(kind), ...selected(options), gracePeriodSeconds, dryRun, propagationPolicy }
    const deadlineMs = options.deadlineMs ?? listDeadlineMs
    return page(
      await this.#channel.unary(Api.DeleteCollection, request, { ...writing(options), deadlineMs, large: true }),
    )
  }

  async bind(bindings: readonly PodBinding[], options?: CallOptions): Promise<Outcome<Pod>[]> {
    const answer = await this.#channel.unary(Api.Bind, { bindings: [...bindings] }, writing(options))
    return outcomes(answer.outcomes, bindings.length)
  }

  async updateStatuses<T extends KubernetesObject>(
    kind: Resource<T>,
    objects: readonly T[],
    options?: CallOptions,
  ): Promise<Outcome<T>[]> {
    const request = { ...target(kind), objects: objects.map(encode) }
    const answer = await this.#channel.unary(Api.UpdateStatuses, request, writing(options))
    return outcomes(answer.outcomes, objects.length)
  }

  discover(options?: CallOptions): Promise<Discovery> {
    return this.#channel.unary(Api.Discover, {}, reading(options))
  }

  async *logs(request: LogsRequest, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
    for await (const { data } of this.#channel.serverStream(Api.Logs, request, signal)) if (data) yield data
  }

  exec(start: ExecStart, signal?: AbortSignal): Duplex<ExecInput, ExecOutput> {
    const stream = this.#channel.duplex(Api.Exec, signal)
    // A failure to send it shows when the answer is read.
    stream.send({ start }).catch(() => {})
    return stream
  }

  close(): void {
    this.#channel.close()
  }
}

function page<T extends KubernetesObject>(list: ObjectList): Page<T> {
  const remaining = list.remainingItemCount
  return {
    items: (list.items ?? []).map(item => decode<Stored<T>>(item)),
    resourceVersion: list.resourceVersion ?? '',
    ...(list.continue && { continue: list.continue }),
    ...(list.continue && remaining && { remainingItemCount: remaining }),
  }
}

const target = ({ group, version, resource }: Resource) => ({ resource: { group, version, resource } })
const metadataOf = ({ metadata }: KubernetesObject) => ({ namespace: metadata.namespace, name: metadata.name })
const selected = ({ namespace, labelSelector, fieldSelector }: Selection) => ({
  namespace,
  labelSelector,
  fieldSelector,
})
const placed = ({ namespace, name }: { namespace?: string | undefined; name?: string | undefined }) => ({
  namespace,
  name,
})
const written = ({ dryRun, fieldManager, fieldValidation, subresource }: WriteOptions = {}) => ({
  dryRun,
  fieldManager,
  fieldValidation,
  subresource,
})
const writing = ({ deadlineMs = unaryDeadlineMs, signal }: CallOptions = {}) => ({ deadlineMs, signal })
const reading = (options?: CallOptions) => ({ ...writing(options), idempotent: true })

const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

/** What the server sends is what its schemas let through; it is not checked again. */
function decode<T>(json: Uint8Array | undefined): T {
  return JSON.parse(Buffer.from(json ?? []).toString('utf8')) as T
}

const isStatus = (answer: KubernetesObject | Status): answer is Status => answer.kind === 'Status'

function watchEvent<T extends KubernetesObject>(event: WireEvent): WatchEvent<T> {
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type: event.type, object: decode(event.object) }
    case 'BOOKMARK':
      return { type: 'BOOKMARK', resourceVersion: decode<Stored>(event.object).metadata.resourceVersion }
    case 'ERROR':
      throw StatusError.from(decode<Status>(event.object))
    default:
      throw new Error(`the server sent a watch event of unknown type ${JSON.stringify(event.type)}`)
  }
}

function outcomes<T extends KubernetesObject>(answers: WireOutcome[] | undefined, expected: number): Outcome<T>[] {
  if (answers?.length !== expected) {
    throw new Error(`the server answered ${answers?.length ?? 0} outcomes to a batch of ${expected}`)
  }
  return answers.map(({ object, status }) =>
    status !== undefined && status.length > 0
      ? { ok: false, status: decode<Status>(status) }
      : { ok: true, object: decode<Stored<T>>(object) },
  )
}
