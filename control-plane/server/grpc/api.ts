// The service Api: requests become verbs of the registry, answers are the bytes it holds.
import type { handleUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js'
import { StatusError } from '../../../api/errors.ts'
import { gitVersion } from '../../../lib/version.ts'
import type {
  BindRequest,
  CreateRequest,
  DeleteCollectionRequest,
  DeleteRequest,
  DiscoverRequest,
  Discovery,
  GetRequest,
  Object as JsonMessage,
  ListRequest,
  ObjectList,
  Outcomes,
  PatchRequest,
  Resource as ResourceMessage,
  UpdateRequest,
  UpdateStatusesRequest,
  WatchEvent,
  WatchRequest,
} from '../../../proto/gen/tessera.ts'
import { Api } from '../../../proto/gen/tessera.ts'
import type { Method } from '../../../proto/service.ts'
import type { Authorize } from '../../auth/authorize.ts'
import type { Outcome, Registry, ObjectList as RegistryList, Resource, Target } from '../../registry/contract.ts'
import { checkAccess } from '../access.ts'
import { attributesOf } from '../attributes.ts'
import { presentable } from '../failure.ts'
import type { PodStreams } from '../sessions/pods.ts'
import { versionInfo } from '../version.ts'
import { type Caller, type Door, serverStream, type UnaryHandler, unary } from './calls.ts'
import { exchangeable, type UnaryMethod } from './exchange.ts'
import { execHandler, logsHandler } from './pod-streams.ts'
import { deleteOptions, listOptions, patchType, watchOptions, writeContext } from './requests.ts'
import { bounded } from './status.ts'

export interface ApiOptions extends Door {
  readonly registry: Registry
  readonly authorize: Authorize
  readonly pods: PodStreams
}

interface Addressed {
  readonly resource?: ResourceMessage | undefined
  readonly namespace?: string | undefined
  readonly name?: string | undefined
  readonly subresource?: string | undefined
  readonly fieldSelector?: string | undefined
}

/** The service, and those of its methods that a stream of calls may carry too. */
export function apiService(options: ApiOptions): {
  readonly service: UntypedServiceImplementation
  readonly methods: readonly UnaryMethod[]
} {
  const { registry, authorize, pods } = options
  const methods: UnaryMethod[] = []

  function both<Request, Answer>(
    method: Method<Request, Answer, false, false>,
    handle: UnaryHandler<Request, Answer>,
  ): handleUnaryCall<Request, Answer> {
    methods.push(exchangeable(method, handle))
    return unary(options, handle)
  }

  /** The resource a request addresses, once its caller may do that to it. */
  function permitted(verb: string, request: Addressed, { user }: Caller, subresource = request.subresource): Resource {
    const { group = '', version = '', resource: plural = '' } = request.resource ?? {}
    checkAccess(authorize, user, attributesOf(verb, { ...request, group, version, resource: plural, subresource }))
    const resource = registry.resource(group, version, plural)
    if (!resource) throw StatusError.noSuchResource()
    return resource
  }

  const outcomes = (list: readonly Outcome[]): Outcomes => ({
    outcomes: list.map(outcome => {
      if (outcome.ok) return { object: outcome.json }
      const { status } = presentable(outcome.error, options.logger, 'one of a batch')
      return { status: Buffer.from(JSON.stringify(bounded(status))) }
    }),
  })

  const service = {
    Get: both(Api.Get, async (request: GetRequest, caller): Promise<JsonMessage> => {
      const resource = permitted('get', request, caller)
      return { json: (await resource.get(target(request), undefined, caller)).json }
    }),

    List: both(Api.List, async (request: ListRequest, caller): Promise<ObjectList> => {
      return listMessage(await permitted('list', request, caller).list(listOptions(request), caller))
    }),

    Watch: serverStream(options, async function* (request: WatchRequest, caller) {
      const resource = permitted('watch', request, caller)
      for await (const batch of await resource.watch(watchOptions(request), caller)) {
        yield batch.map(({ type, json }): WatchEvent => ({ type, object: json }))
      }
    }),

    Create: both(Api.Create, async (request: CreateRequest, caller): Promise<JsonMessage> => {
      const resource = permitted('create', request, caller)
      const at = request.subresource ? target(request) : { namespace: request.namespace ?? '', name: '' }
      return { json: (await resource.create(at, body(request.object), writeContext(caller, request))).json }
    }),

    Update: both(Api.Update, async (request: UpdateRequest, caller): Promise<JsonMessage> => {
      const resource = permitted('update', request, caller)
      const authorizeCreate = () => void permitted('create', request, caller)
      const context = { ...writeContext(caller, request), authorizeCreate }
      return { json: (await resource.update(target(request), body(request.object), context)).json }
    }),

    Patch: both(Api.Patch, async (request: PatchRequest, caller): Promise<JsonMessage> => {
      const resource = permitted('patch', request, caller)
      const type = patchType(request)
      return {
        json: (await resource.patch(target(request), type, body(request.patch), writeContext(caller, request))).json,
      }
    }),

    Delete: both(Api.Delete, async (request: DeleteRequest, caller): Promise<JsonMessage> => {
      const resource = permitted('delete', request, caller)
      return {
        json: (await resource.delete(target(request), deleteOptions(request), writeContext(caller, request))).json,
      }
    }),

    DeleteCollection: both(Api.DeleteCollection, async (request: DeleteCollectionRequest, caller) => {
      const resource = permitted('deletecollection', request, caller)
      const context = writeContext(caller, request)
      return listMessage(await resource.deleteCollection(listOptions(request), deleteOptions(request), context))
    }),

    Bind: both(Api.Bind, async (request: BindRequest, caller): Promise<Outcomes> => {
      const binding = { group: '', version: 'v1', resource: 'pods', subresource: 'binding' }
      checkAccess(authorize, caller.user, attributesOf('create', binding))
      const bindings = (request.bindings ?? []).map(({ namespace = '', name = '', uid = '', node = '' }) => {
        return { namespace, name, uid, node }
      })
      return outcomes(await registry.bind(bindings, writeContext(caller)))
    }),

    UpdateStatuses: both(Api.UpdateStatuses, async (request: UpdateStatusesRequest, caller): Promise<Outcomes> => {
      const objects = request.objects ?? []
      // Who may not write every status may write those of objects that are their own.
      const { group = '', version = '', resource: plural = '' } = request.resource ?? {}
      const all = attributesOf('update', { group, version, resource: plural, subresource: 'status' })
      if (authorize(caller.user, all) !== true) {
        for (const bytes of objects) {
          permitted('update', { resource: request.resource, ...identityOf(bytes) }, caller, 'status')
        }
      }
      const resource = registry.resource(group, version, plural)
      if (!resource) throw StatusError.noSuchResource()
      return outcomes(await resource.updateStatuses(objects, writeContext(caller)))
    }),

    Discover: both(
      Api.Discover,
      async (_: DiscoverRequest): Promise<Discovery> => Promise.resolve(discovery(registry)),
    ),
    Logs: logsHandler(options, authorize, pods),
    Exec: execHandler(options, authorize, pods),
  }
  return { service, methods }
}

const listMessage = ({ items, metadata }: RegistryList): ObjectList => ({
  items: items.map(item => item.json),
  resourceVersion: metadata.resourceVersion,
  continue: metadata.continue,
  remainingItemCount: metadata.remainingItemCount,
})

function target({ namespace = '', name = '', subresource }: Addressed): Target {
  return { namespace, name, ...(subresource && { subresource }) }
}

function body(bytes: Uint8Array | undefined): Uint8Array {
  if (!bytes || bytes.length === 0) throw StatusError.badRequest('the request carries no object')
  return bytes
}

function identityOf(bytes: Uint8Array): { readonly namespace: string; readonly name: string } {
  let object: unknown
  try {
    object = JSON.parse(Buffer.from(bytes).toString())
  } catch {
    throw StatusError.badRequest('an object of the batch is not JSON')
  }
  const metadata = isRecord(object) && isRecord(object['metadata']) ? object['metadata'] : {}
  const { namespace = '', name } = metadata
  if (typeof name !== 'string' || name === '' || typeof namespace !== 'string') {
    throw StatusError.badRequest('an object of the batch has no metadata.name')
  }
  return { namespace, name }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function discovery(registry: Registry): Discovery {
  return {
    version: gitVersion,
    gitCommit: versionInfo.gitCommit,
    resources: registry.resources.map(({ kind, subresources }) => ({
      group: kind.group,
      version: kind.version,
      name: kind.resource,
      singularName: kind.singular,
      kind: kind.kind,
      namespaced: kind.namespaced,
      shortNames: [...kind.shortNames],
      verbs: [...kind.verbs],
      categories: [...kind.categories],
      subresources: subresources.map(({ name, verbs, body: { group, version, kind: bodies } = kind }) => {
        return { name, verbs: [...verbs], group, version, kind: bodies }
      }),
    })),
  }
}
