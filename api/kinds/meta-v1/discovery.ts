// How a server tells which groups, versions and resources it serves.
import { boolean, type Infer, list, message, one, string, typeMeta } from '../../schema/message.ts'

export const serverAddressByClientCIDR = message(
  'apimachinery.pkg.apis.meta.v1.ServerAddressByClientCIDR',
  'Where clients of a network reach the server.',
  {
    clientCIDR: string(1, "The clients' network."),
    serverAddress: string(2, 'A host, or host and port.'),
  },
)

export const apiVersions = message(
  'apimachinery.pkg.apis.meta.v1.APIVersions',
  'The versions of the core group, at /api.',
  {
    versions: list(1, 'The versions, the preferred one first.', 'string'),
    serverAddressByClientCIDRs: list(
      2,
      'Where clients reach the server, by their own network.',
      serverAddressByClientCIDR,
    ),
  },
)
export interface APIVersions extends Infer<typeof apiVersions> {}

export const groupVersionForDiscovery = message(
  'apimachinery.pkg.apis.meta.v1.GroupVersionForDiscovery',
  'A version of a group.',
  {
    groupVersion: string(1, 'Group and version: apps/v1.'),
    version: string(2, 'The version alone: v1.'),
  },
)

export const apiGroup = message('apimachinery.pkg.apis.meta.v1.APIGroup', 'An API group and its versions.', {
  name: string(1, "The group's name."),
  versions: list(2, 'Its versions, the preferred one first.', groupVersionForDiscovery),
  preferredVersion: one(3, 'The version clients should use.', groupVersionForDiscovery),
  serverAddressByClientCIDRs: list(
    4,
    'Where clients reach the server, by their own network.',
    serverAddressByClientCIDR,
  ),
})
export interface APIGroup extends Infer<typeof apiGroup> {}

export const apiGroupList = message('apimachinery.pkg.apis.meta.v1.APIGroupList', 'The API groups, at /apis.', {
  groups: list(1, 'The groups.', apiGroup),
})
export interface APIGroupList extends Infer<typeof apiGroupList> {}

export const apiResource = message(
  'apimachinery.pkg.apis.meta.v1.APIResource',
  'A resource or subresource and what can be done with it.',
  {
    name: string(1, 'The plural name that paths use.', { required: true }),
    namespaced: boolean(2, 'Whether its objects live in namespaces.', { required: true }),
    kind: string(3, 'The kind of its objects.', { required: true }),
    verbs: list(4, 'What can be done: get, list, watch, create, update, patch, delete, deletecollection.', 'string', {
      required: true,
    }),
    shortNames: list(5, 'Shorter names for people.', 'string', { listType: 'atomic' }),
    singularName: string(6, 'The singular name, for tools.', { required: true }),
    categories: list(7, 'Groups of resources that tools can name at once: all.', 'string', { listType: 'atomic' }),
    group: string(8, "The group of its kind, where that is another than the list's."),
    version: string(9, "The version of its kind, where that is another than the list's."),
    storageVersionHash: string(10, 'Changes when the form in which objects are stored changes.'),
  },
)
export interface APIResource extends Infer<typeof apiResource> {}

export const apiResourceList = message(
  'apimachinery.pkg.apis.meta.v1.APIResourceList',
  'The resources of a group version.',
  {
    ...typeMeta('v1', 'APIResourceList'),
    groupVersion: string(1, 'The group version.', { required: true }),
    resources: list(2, 'The resources.', apiResource, {
      required: true,
      listType: 'atomic',
    }),
  },
)
export interface APIResourceList extends Infer<typeof apiResourceList> {}
