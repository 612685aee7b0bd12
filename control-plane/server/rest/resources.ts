// The verbs of Kubernetes' REST API: from method and path to a verb of the registry, and its answer.
import { StatusError } from '../../../api/errors.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { Authorize, ResourceAttributes } from '../../auth/authorize.ts'
import type { Registry, Resource, Target, Written } from '../../registry/contract.ts'
import { checkAccess } from '../access.ts'
import { attributesOf } from '../attributes.ts'
import { deletionBody, objectBody, patchBody } from './body.ts'
import { type Exchange, readContext, writingContext } from './exchange.ts'
import { sendList, sendObject, wantedForm } from './forms.ts'
import { deletion, listOptions, patchContext, readVersion, wantsWatch } from './options.ts'
import type { ResourcePath } from './path.ts'
import { sendEncoded } from './reply.ts'
import { serveWatch } from './watch.ts'

export interface ResourceServing {
  readonly registry: Registry
  readonly authorize: Authorize
  readonly logger: Logger
}

/** @throws StatusError for whatever can't be answered, as long as nothing was sent */
export async function serveResource(serving: ResourceServing, exchange: Exchange, path: ResourcePath): Promise<void> {
  const verb = verbOf(exchange, path)
  checkAccess(serving.authorize, exchange.user, addressed(exchange, path, verb ?? exchange.method.toLowerCase()))
  const resource = serving.registry.resource(path.group, path.version, path.resource)
  if (!resource) throw StatusError.noSuchResource()
  checkServed(resource, path, verb)
  // Told before anything is done, not after.
  wantedForm(exchange)
  await verbs[verb](exchange, resource, path, serving)
}

type Verb = keyof typeof verbs

const verbs = {
  async get(exchange: Exchange, resource: Resource, path: ResourcePath): Promise<void> {
    const found = await resource.get(targetOf(path), readVersion(exchange.query), readContext(exchange))
    await sendObject(exchange, resource.kind, found)
  },

  async list(exchange: Exchange, resource: Resource, path: ResourcePath): Promise<void> {
    const list = await resource.list(listOptions(exchange.query, path.namespace), readContext(exchange))
    await sendList(exchange, resource.kind, list)
  },

  watch: (exchange: Exchange, resource: Resource, path: ResourcePath, { logger }: ResourceServing): Promise<void> =>
    serveWatch(exchange, resource, path.namespace, logger),

  async create(
    exchange: Exchange,
    resource: Resource,
    path: ResourcePath,
    { registry }: ResourceServing,
  ): Promise<void> {
    const context = writingContext(exchange)
    const body = await objectBody(exchange.request, registry.catalogue)
    await sendWritten(exchange, resource, await resource.create(targetOf(path), body, context))
  },

  async update(
    exchange: Exchange,
    resource: Resource,
    path: ResourcePath,
    { registry, authorize }: ResourceServing,
  ): Promise<void> {
    const authorizeCreate = () => checkAccess(authorize, exchange.user, addressed(exchange, path, 'create'))
    const context = { ...writingContext(exchange), authorizeCreate }
    const body = await objectBody(exchange.request, registry.catalogue)
    await sendWritten(exchange, resource, await resource.update(targetOf(path), body, context))
  },

  async patch(
    exchange: Exchange,
    resource: Resource,
    path: ResourcePath,
    { authorize }: ResourceServing,
  ): Promise<void> {
    const { type, bytes } = await patchBody(exchange.request)
    const authorizeCreate = () => checkAccess(authorize, exchange.user, addressed(exchange, path, 'create'))
    const context = { ...writingContext(exchange), ...patchContext(exchange.query, type), authorizeCreate }
    await sendWritten(exchange, resource, await resource.patch(targetOf(path), type, bytes, context))
  },

  async delete(exchange: Exchange, resource: Resource, path: ResourcePath): Promise<void> {
    const { options, dryRun } = deletion(exchange.query, await deletionBody(exchange.request))
    const deleted = await resource.delete(targetOf(path), options, { ...readContext(exchange), dryRun })
    await sendObject(exchange, resource.kind, deleted, { warnings: deleted.warnings })
  },

  async deletecollection(exchange: Exchange, resource: Resource, path: ResourcePath): Promise<void> {
    const { options, dryRun } = deletion(exchange.query, await deletionBody(exchange.request))
    const selected = listOptions(exchange.query, path.namespace)
    const list = await resource.deleteCollection(selected, options, { ...readContext(exchange), dryRun })
    await sendEncoded(exchange, list.json(), 'json')
  },
}

const sendWritten = (exchange: Exchange, { kind }: Resource, written: Written): Promise<void> =>
  sendObject(exchange, kind, written, { code: written.created === true ? 201 : 200, warnings: written.warnings })

/** Undefined where the method means nothing at this path. @throws StatusError BadRequest */
function verbOf({ method, query }: Exchange, { name, subresource }: ResourcePath): Verb | undefined {
  const isCollection = name === ''
  switch (method) {
    case 'GET':
      if (!isCollection) return 'get'
      return wantsWatch(query) ? 'watch' : 'list'
    case 'POST':
      return isCollection || subresource !== '' ? 'create' : undefined
    case 'PUT':
      return isCollection ? undefined : 'update'
    case 'PATCH':
      return isCollection ? undefined : 'patch'
    case 'DELETE':
      return isCollection ? 'deletecollection' : 'delete'
    default:
      return undefined
  }
}

const addressed = ({ query }: Exchange, path: ResourcePath, verb: string): ResourceAttributes =>
  attributesOf(verb, { ...path, fieldSelector: query.get('fieldSelector') ?? '' })

/** @throws StatusError NotFound, MethodNotAllowed */
function checkServed(
  { kind, subresources }: Resource,
  path: ResourcePath,
  verb: Verb | undefined,
): asserts verb is Verb {
  const { subresource, namespace } = path
  if (namespace !== '' && !kind.namespaced) throw StatusError.noSuchResource()
  if (subresource === '') {
    // All namespaces can be read at once, and deleted from; everything else happens in one.
    const across = kind.namespaced && namespace === ''
    if (across && path.name !== '') throw StatusError.noSuchResource()
    if (verb === undefined || !kind.verbs.includes(verb) || (across && verb === 'create')) {
      throw StatusError.noSuchMethod()
    }
    return
  }
  const served = subresources.find(({ name }) => name === subresource)
  if (!served) throw StatusError.noSuchResource()
  if (verb === undefined || !served.verbs.includes(verb)) throw StatusError.noSuchMethod()
}

function targetOf({ namespace, name, subresource }: ResourcePath): Target {
  return { namespace, name, ...(subresource !== '' && { subresource }) }
}
