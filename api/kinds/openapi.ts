// The OpenAPI v3 document of a group version: its kinds' schemas, and the operations on them. kubectl
// finds a resource's kind by its path here, and learns from the parameters that the server validates fields.
import type { Message } from '../schema/message.ts'
import { type GroupVersionKind, type OpenApiSchema, openApiSchemas, schemaName } from '../schema/openapi.ts'
import type { Kind, Subresource, Verb } from './kind.ts'
import { deleteOptions } from './meta-v1/options.ts'
import { status as statusMessage } from './meta-v1/status.ts'
import { watchEvent } from './meta-v1/watch-event.ts'

export interface OpenApiDocument {
  readonly openapi: '3.0.0'
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, OpenApiSchema>>
  readonly components: { readonly schemas: Readonly<Record<string, OpenApiSchema>> }
}

/** Where a group version's resources are served: `/api/v1`, or `/apis/coordination.k8s.io/v1`. */
export function groupVersionPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
}

/** A kind and those of its subresources that are served. */
export interface DescribedKind {
  readonly kind: Kind
  readonly subresources: readonly Subresource[]
}

/** The document of one group version. @param members its kinds @param serverVersion as `v1.36.0` */
export function openApiDocument(members: readonly DescribedKind[], serverVersion: string): OpenApiDocument {
  const kindsOf = new Map<Message, readonly GroupVersionKind[]>()
  for (const { kind, subresources } of members) {
    const { group, version } = kind
    kindsOf.set(kind.schema, [{ group, version, kind: kind.kind }])
    if (kind.verbs.includes('list')) kindsOf.set(kind.listSchema, [{ group, version, kind: kind.listKind }])
    for (const { is, body } of subresources) {
      if (is === 'connect' || body === undefined) continue
      kindsOf.set(body.schema, [{ group: body.group, version: body.version, kind: body.kind }])
    }
  }
  kindsOf.set(statusMessage, [{ group: '', version: 'v1', kind: 'Status' }])
  kindsOf.set(deleteOptions, [{ group: '', version: 'v1', kind: 'DeleteOptions' }])
  kindsOf.set(watchEvent, [{ group: '', version: 'v1', kind: 'WatchEvent' }])
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: serverVersion },
    paths: Object.fromEntries(members.flatMap(member => Object.entries(pathsOf(member)))),
    components: { schemas: openApiSchemas(kindsOf.keys(), kindsOf) },
  }
}

interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  readonly action: Verb | 'connect'
}

const collectionOperations: readonly Operation[] = [
  { method: 'get', action: 'list' },
  { method: 'post', action: 'create' },
  { method: 'delete', action: 'deletecollection' },
]
const objectOperations: readonly Operation[] = [
  { method: 'get', action: 'get' },
  { method: 'put', action: 'update' },
  { method: 'patch', action: 'patch' },
  { method: 'delete', action: 'delete' },
]
const subresourceOperations: readonly Operation[] = [
  { method: 'get', action: 'get' },
  { method: 'get', action: 'connect' },
  { method: 'post', action: 'create' },
  { method: 'post', action: 'connect' },
  { method: 'put', action: 'update' },
  { method: 'patch', action: 'patch' },
]

function pathsOf({ kind, subresources }: DescribedKind): Record<string, OpenApiSchema> {
  const base = groupVersionPath(kind.apiVersion)
  const collection = kind.namespaced ? `${base}/namespaces/{namespace}/${kind.resource}` : `${base}/${kind.resource}`
  const paths: Record<string, OpenApiSchema> = {}
  const add = (path: string, operations: readonly Operation[], verbs: readonly string[], sub?: Subresource) => {
    const offered = operations.filter(({ action }) => verbs.includes(action))
    if (offered.length === 0) return
    paths[path] = {
      ...Object.fromEntries(offered.map(operation => [operation.method, operationOf(kind, operation, sub)])),
      parameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => pathParameter(name)),
    }
  }
  if (kind.namespaced) add(`${base}/${kind.resource}`, collectionOperations.slice(0, 1), kind.verbs)
  add(collection, collectionOperations, kind.verbs)
  add(`${collection}/{name}`, objectOperations, kind.verbs)
  for (const sub of subresources) {
    add(`${collection}/{name}/${sub.name}`, subresourceOperations, sub.verbs, sub)
  }
  return paths
}

function operationOf(kind: Kind, { method, action }: Operation, sub: Subresource | undefined): OpenApiSchema {
  const { group, version } = kind
  const about = sub?.body ?? kind
  const body = sub?.is === 'connect' ? undefined : (sub?.body ?? kind).schema
  const answer = action === 'list' ? kind.listSchema : action.startsWith('delete') ? statusMessage : body
  const sends = method === 'post' || method === 'put' || method === 'patch'
  return {
    operationId: `${action}${kind.kind}${sub === undefined ? '' : capitalised(sub.name)}`,
    tags: [group === '' ? `core_${version}` : `${group.split('.')[0] ?? group}_${version}`],
    parameters: parametersOf(action).map(([name, type]) => queryParameter(name, type)),
    ...(sends && body !== undefined && { requestBody: requestBody(action, body) }),
    responses: { 200: { description: 'OK', content: content(answer) } },
    'x-kubernetes-action': action === 'update' ? 'put' : action === 'create' ? 'post' : action,
    'x-kubernetes-group-version-kind': { group: about.group, version: about.version, kind: about.kind },
  }
}

const capitalised = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

const writing = [
  ['dryRun', 'string'],
  ['fieldManager', 'string'],
  ['fieldValidation', 'string'],
] as const
const deleting = [
  ['dryRun', 'string'],
  ['gracePeriodSeconds', 'integer'],
  ['propagationPolicy', 'string'],
] as const
const listing = [
  ['allowWatchBookmarks', 'boolean'],
  ['continue', 'string'],
  ['fieldSelector', 'string'],
  ['labelSelector', 'string'],
  ['limit', 'integer'],
  ['resourceVersion', 'string'],
  ['resourceVersionMatch', 'string'],
  ['sendInitialEvents', 'boolean'],
  ['timeoutSeconds', 'integer'],
  ['watch', 'boolean'],
] as const

function parametersOf(action: Operation['action']): readonly (readonly [name: string, type: string])[] {
  switch (action) {
    case 'create':
    case 'update':
      return writing
    case 'patch':
      return [...writing, ['force', 'boolean']]
    case 'delete':
      return deleting
    case 'deletecollection':
      return [...deleting, ...listing]
    case 'list':
      return listing
    case 'get':
    case 'watch':
    case 'connect':
      return []
  }
}

const queryParameter = (name: string, type: string) => ({
  name,
  in: 'query',
  schema: { type, uniqueItems: true },
})

const pathParameter = (name: string) => ({
  name,
  in: 'path',
  required: true,
  schema: { type: 'string', uniqueItems: true },
})

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
]

function requestBody(action: string, message: Message): OpenApiSchema {
  if (action !== 'patch') return { content: content(message), required: true }
  return { content: Object.fromEntries(patchTypes.map(type => [type, { schema: { type: 'object' } }])), required: true }
}

function content(message: Message | undefined): OpenApiSchema {
  if (message === undefined) return { '*/*': { schema: { type: 'string' } } }
  return { 'application/json': { schema: { $ref: `#/components/schemas/${schemaName(message)}` } } }
}
