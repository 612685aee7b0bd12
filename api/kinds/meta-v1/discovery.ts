// How a server tells which groups, versions and resources it serves.
import { boolean, type Infer, list, type Message, message, one, string, typeMeta } from '../../schema/message.ts'

export const apiVersions = message('apimachinery.pkg.apis.meta.v1.APIVersions', '', {
  versions: list(1, '', 'string'),
  serverAddressByClientCIDRs: list(2, '', (): Message<ServerAddressByClientCIDR> => serverAddressByClientCIDR),
})
export interface APIVersions extends Infer<typeof apiVersions> {}

export const apiGroupList = message('apimachinery.pkg.apis.meta.v1.APIGroupList', '', {
  groups: list(1, '', (): Message<APIGroup> => apiGroup),
})
export interface APIGroupList extends Infer<typeof apiGroupList> {}

export const apiGroup = message('apimachinery.pkg.apis.meta.v1.APIGroup', '', {
  name: string(1, ''),
  versions: list(2, '', (): Message<GroupVersionForDiscovery> => groupVersionForDiscovery),
  preferredVersion: one(3, '', (): Message<GroupVersionForDiscovery> => groupVersionForDiscovery),
  serverAddressByClientCIDRs: list(4, '', (): Message<ServerAddressByClientCIDR> => serverAddressByClientCIDR),
})
export interface APIGroup extends Infer<typeof apiGroup> {}

export const groupVersionForDiscovery = message('apimachinery.pkg.apis.meta.v1.GroupVersionForDiscovery', '', {
  groupVersion: string(1, ''),
  version: string(2, ''),
})
export interface GroupVersionForDiscovery extends Infer<typeof groupVersionForDiscovery> {}

export const serverAddressByClientCIDR = message('apimachinery.pkg.apis.meta.v1.ServerAddressByClientCIDR', '', {
  clientCIDR: string(1, ''),
  serverAddress: string(2, ''),
})
export interface ServerAddressByClientCIDR extends Infer<typeof serverAddressByClientCIDR> {}

export const apiResourceList = message('apimachinery.pkg.apis.meta.v1.APIResourceList', '', {
  ...typeMeta('v1', 'APIResourceList'),
  groupVersion: string(1, '', { required: true }),
  resources: list(2, '', (): Message<APIResource> => apiResource, { required: true, listType: 'atomic' }),
})
export interface APIResourceList extends Infer<typeof apiResourceList> {}

export const apiResource = message('apimachinery.pkg.apis.meta.v1.APIResource', '', {
  name: string(1, '', { required: true }),
  namespaced: boolean(2, '', { required: true }),
  kind: string(3, '', { required: true }),
  verbs: list(4, '', 'string', { required: true }),
  shortNames: list(5, '', 'string', { listType: 'atomic' }),
  singularName: string(6, '', { required: true }),
  categories: list(7, '', 'string', { listType: 'atomic' }),
  group: string(8, ''),
  version: string(9, ''),
  storageVersionHash: string(10, ''),
})
export interface APIResource extends Infer<typeof apiResource> {}
