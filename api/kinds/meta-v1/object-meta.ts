// What every object and every list says of itself.
import {
  boolean,
  fieldsV1,
  type Infer,
  int64,
  list,
  type Message,
  map,
  message,
  one,
  string,
  time,
} from '../../schema/message.ts'

export const objectMeta = message('apimachinery.pkg.apis.meta.v1.ObjectMeta', '', {
  name: string(1, ''),
  generateName: string(2, ''),
  namespace: string(3, ''),
  selfLink: string(4, ''),
  uid: string(5, ''),
  resourceVersion: string(6, ''),
  generation: int64(7, '', { min: 0 }),
  creationTimestamp: time(8, ''),
  deletionTimestamp: time(9, '', { explicit: true }),
  deletionGracePeriodSeconds: int64(10, '', { explicit: true }),
  labels: map(11, '', 'string'),
  annotations: map(12, '', 'string'),
  ownerReferences: list(13, '', (): Message<OwnerReference> => ownerReference, {
    listType: 'map',
    keys: ['uid'],
    patch: 'merge',
    mergeKey: 'uid',
  }),
  finalizers: list(14, '', 'string', { listType: 'set', patch: 'merge' }),
  managedFields: list(17, '', (): Message<ManagedFieldsEntry> => managedFieldsEntry, { listType: 'atomic' }),
})
export interface ObjectMeta extends Infer<typeof objectMeta> {}

export const ownerReference = message('apimachinery.pkg.apis.meta.v1.OwnerReference', '', {
  kind: string(1, '', { required: true, nonEmpty: true }),
  name: string(3, '', { required: true, nonEmpty: true }),
  uid: string(4, '', { required: true, nonEmpty: true }),
  apiVersion: string(5, '', { required: true, nonEmpty: true }),
  controller: boolean(6, '', { explicit: true }),
  blockOwnerDeletion: boolean(7, '', { explicit: true }),
})
export interface OwnerReference extends Infer<typeof ownerReference> {}

export const managedFieldsEntry = message('apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry', '', {
  manager: string(1, ''),
  operation: string(2, '', { enum: ['Apply', 'Update'] }),
  apiVersion: string(3, ''),
  time: time(4, ''),
  fieldsType: string(6, ''),
  fieldsV1: fieldsV1(7, ''),
  subresource: string(8, ''),
})
export interface ManagedFieldsEntry extends Infer<typeof managedFieldsEntry> {}

export const listMeta = message('apimachinery.pkg.apis.meta.v1.ListMeta', '', {
  selfLink: string(1, ''),
  resourceVersion: string(2, ''),
  continue: string(3, ''),
  remainingItemCount: int64(4, '', { explicit: true }),
  shardInfo: one(5, '', (): Message<ShardInfo> => shardInfo),
})
export interface ListMeta extends Infer<typeof listMeta> {}

export const shardInfo = message('apimachinery.pkg.apis.meta.v1.ShardInfo', '', {
  selector: string(1, '', { required: true }),
})
export interface ShardInfo extends Infer<typeof shardInfo> {}

export const partialObjectMetadata = message('apimachinery.pkg.apis.meta.v1.PartialObjectMetadata', '', {
  metadata: one(1, '', (): Message<ObjectMeta> => objectMeta, { byValue: true }),
})
export interface PartialObjectMetadata extends Infer<typeof partialObjectMetadata> {}

export const partialObjectMetadataList = message('apimachinery.pkg.apis.meta.v1.PartialObjectMetadataList', '', {
  metadata: one(1, '', (): Message<ListMeta> => listMeta, { byValue: true }),
  items: list(2, '', (): Message<PartialObjectMetadata> => partialObjectMetadata),
})
export interface PartialObjectMetadataList extends Infer<typeof partialObjectMetadataList> {}
