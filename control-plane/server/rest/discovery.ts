// What this server serves, told in the two ways Kubernetes clients ask: document by document, and aggregated.
import { createHash } from 'node:crypto'
import { StatusError } from '../../../api/errors.ts'
import type { Kind, Subresource } from '../../../api/kinds/kind.ts'
import type {
  APIGroup,
  APIGroupList,
  APIResource,
  APIResourceList,
  APIVersions,
} from '../../../api/kinds/meta-v1/discovery.ts'
import type { GroupVersionKind } from '../../../api/schema/openapi.ts'
import type { Registry, Resource } from '../../registry/contract.ts'
import type { Exchange } from './exchange.ts'
import { negotiate, type Offer } from './negotiate.ts'
import { sendJson } from './reply.ts'

/** A kind and those of its subresources that are served. */
type Served = Pick<Resource, 'kind' | 'subresources'>

type AggregatedVersion = 'v2' | 'v2beta1'

/** kubectl before 1.30 knows only the beta of the aggregated form. */
const offers: readonly (Offer & { readonly aggregated?: AggregatedVersion })[] = [
  { mediaType: 'application/json', parameters: {} },
  aggregatedOffer('v2'),
  aggregatedOffer('v2beta1'),
]

function aggregatedOffer(v: AggregatedVersion) {
  return {
    mediaType: 'application/json',
    parameters: { g: 'apidiscovery.k8s.io', v, as: 'APIGroupDiscoveryList' },
    aggregated: v,
  }
}

/** Answers `/api`, `/apis` and what is below them down to a group version; false: this is no such path. */
export async function serveDiscovery(exchange: Exchange, registry: Registry): Promise<boolean> {
  const [root = '', ...rest] = exchange.path.replace(/\/$/, '').split('/').slice(1).map(decodeURIComponent)
  if (root !== 'api' && root !== 'apis') return false
  const served = registry.resources.filter(({ kind }) => (kind.group === '') === (root === 'api'))
  if (rest.length === 0) {
    await serveRoot(exchange, root, served)
    return true
  }
  const [group = '', version] = root === 'api' ? ['', ...rest] : rest
  const inGroup = served.filter(({ kind }) => kind.group === group)
  const document = version === undefined ? apiGroup(group, inGroup) : resourceList(group, version, inGroup)
  if (rest.length > (root === 'api' ? 1 : 2) || inGroup.length === 0 || document === undefined) {
    throw StatusError.noSuchResource()
  }
  await sendJson(exchange, document)
  return true
}

async function serveRoot(exchange: Exchange, root: 'api' | 'apis', served: readonly Served[]): Promise<void> {
  const offer = negotiate(exchange.request.headers.accept, offers)
  if (!offer) throw StatusError.notAcceptable(offers.map(mediaType))
  const vary = { Vary: 'Accept' }
  if (!offer.aggregated) {
    const { localAddress = '', localPort = 0 } = exchange.request.socket
    const host = exchange.request.headers.host ?? `${localAddress}:${localPort}`
    await sendJson(exchange, root === 'api' ? apiVersions(served, host) : apiGroupList(served), { headers: vary })
    return
  }
  const document = aggregated(offer.aggregated, served)
  const etag = `"${createHash('sha256').update(JSON.stringify(document)).digest('hex').toUpperCase()}"`
  const headers = { ...vary, ETag: etag }
  if (exchange.request.headers['if-none-match'] === etag) {
    exchange.response.writeHead(304, headers).end()
    return
  }
  await sendJson(exchange, document, { contentType: mediaType(offer), headers })
}

const mediaType = ({ mediaType, parameters }: Offer): string =>
  [mediaType, ...Object.entries(parameters).map(([name, value]) => `${name}=${value}`)].join(';')

const serverAddresses = (serverAddress: string) => [{ clientCIDR: '0.0.0.0/0', serverAddress }]

function apiVersions(served: readonly Served[], host: string): APIVersions & { kind: string } {
  return { kind: 'APIVersions', versions: versionsOf(served), serverAddressByClientCIDRs: serverAddresses(host) }
}

function apiGroupList(served: readonly Served[]): APIGroupList & { kind: string; apiVersion: string } {
  const groups = groupsOf(served).flatMap(([name, inGroup]) => apiGroup(name, inGroup) ?? [])
  return { kind: 'APIGroupList', apiVersion: 'v1', groups }
}

function apiGroup(
  name: string,
  served: readonly Served[],
): (APIGroup & { kind: string; apiVersion: string }) | undefined {
  const versions = versionsOf(served).map(version => ({ groupVersion: groupVersion(name, version), version }))
  const [preferredVersion] = versions
  // The core group has no document of its own: it is `/api`.
  if (!preferredVersion || name === '') return undefined
  return { kind: 'APIGroup', apiVersion: 'v1', name, versions, preferredVersion }
}

function resourceList(group: string, version: string, inGroup: readonly Served[]): APIResourceList | undefined {
  const served = inGroup.filter(({ kind }) => kind.version === version)
  if (served.length === 0) return undefined
  const resources = served.flatMap(({ kind, subresources }) => [
    resourceOf(kind),
    ...subresources.map(sub => subresourceOf(kind, sub)),
  ])
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion(group, version),
    resources: resources.sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

function resourceOf(kind: Kind): APIResource {
  return {
    name: kind.resource,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: [...kind.verbs].sort(),
    ...(kind.shortNames.length > 0 && { shortNames: [...kind.shortNames] }),
    ...(kind.categories.length > 0 && { categories: [...kind.categories] }),
  }
}

function subresourceOf(kind: Kind, sub: Subresource): APIResource {
  const { group, version, kind: bodies } = sub.body ?? kind
  const isElsewhere = group !== kind.group || version !== kind.version
  return {
    name: `${kind.resource}/${sub.name}`,
    singularName: '',
    namespaced: kind.namespaced,
    ...(isElsewhere && { group, version }),
    kind: bodies,
    verbs: subresourceVerbs(sub),
  }
}

/** Streams are opened by POST or by GET (a WebSocket), and Kubernetes names those verbs. */
function subresourceVerbs({ verbs }: Subresource): string[] {
  return verbs.flatMap(verb => (verb === 'connect' ? ['create', 'get'] : [verb])).sort()
}

function aggregated(form: AggregatedVersion, served: readonly Served[]) {
  const items = groupsOf(served).map(([name, inGroup]) => ({
    metadata: { ...(name !== '' && { name }), creationTimestamp: null },
    versions: versionsOf(inGroup).map(version => ({
      version,
      resources: inGroup
        .filter(({ kind }) => kind.version === version)
        .map(aggregatedResource)
        .sort((a, b) => (a.resource < b.resource ? -1 : 1)),
      freshness: 'Current',
    })),
  }))
  return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${form}`, metadata: {}, items }
}

const gvkOf = ({ group, version, kind }: GroupVersionKind): GroupVersionKind => ({ group, version, kind })

function aggregatedResource({ kind, subresources: served }: Served) {
  const subresources = served.map(sub => ({
    subresource: sub.name,
    responseKind: gvkOf(sub.body ?? kind),
    verbs: subresourceVerbs(sub),
  }))
  return {
    resource: kind.resource,
    responseKind: gvkOf(kind),
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: [...kind.verbs].sort(),
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories.length > 0 && { categories: kind.categories }),
    ...(subresources.length > 0 && { subresources }),
  }
}

const groupVersion = (group: string, version: string): string => (group === '' ? version : `${group}/${version}`)

const versionsOf = (served: readonly Served[]): string[] => [...new Set(served.map(({ kind }) => kind.version))]

function groupsOf(served: readonly Served[]): [name: string, served: Served[]][] {
  const groups = new Map<string, Served[]>()
  for (const one of served) groups.set(one.kind.group, [...(groups.get(one.kind.group) ?? []), one])
  return [...groups]
}
