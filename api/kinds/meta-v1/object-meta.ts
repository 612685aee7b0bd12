// What every object and every list says of itself.
import {
  atomic,
  boolean,
  fieldsV1,
  type Infer,
  int64,
  list,
  map,
  message,
  one,
  string,
  time,
  typeMeta,
} from '../../schema/message.ts'

export const ownerReference = atomic(
  message(
    'apimachinery.pkg.apis.meta.v1.OwnerReference',
    'An object that owns this one, in the same namespace or of the cluster.',
    {
      kind: string(1, "The owner's kind.", { required: true }),
      name: string(3, "The owner's name.", { required: true }),
      uid: string(4, "The owner's uid.", { required: true }),
      apiVersion: string(5, "The group and version of the owner's kind.", { required: true }),
      controller: boolean(6, 'Whether this owner manages the object.', { explicit: true }),
      blockOwnerDeletion: boolean(7, 'Whether a foreground deletion of the owner waits until this object is gone.', {
        explicit: true,
      }),
    },
  ),
)

export const managedFieldsEntry = message(
  'apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry',
  'The fields one manager owns through one kind of operation.',
  {
    manager: string(1, 'Who wrote the fields, as it named itself.'),
    operation: string(2, 'How they were written: Apply, or Update (everything else).', { enum: ['Apply', 'Update'] }),
    apiVersion: string(3, 'The version of the object in which the fields are named.'),
    time: time(4, 'When the entry changed last.'),
    fieldsType: string(6, 'The form of the set of fields; only FieldsV1 is known.'),
    fieldsV1: fieldsV1(7, 'The set of fields, as a trie of their paths.'),
    subresource: string(8, 'The subresource through which they were written; empty for the object itself.'),
  },
)
export interface ManagedFieldsEntry extends Infer<typeof managedFieldsEntry> {}

export const objectMeta = message(
  'apimachinery.pkg.apis.meta.v1.ObjectMeta',
  'What every object says of itself: its name, its place, its history.',
  {
    name: string(1, 'The name, unique among objects of its kind in its namespace; it never changes.'),
    generateName: string(2, 'A prefix from which the server makes a unique name where none is given.'),
    namespace: string(3, 'The namespace the name is unique in; empty for kinds of the cluster itself.'),
    selfLink: string(4, 'No longer set.'),
    uid: string(5, 'Identifies this object among all that ever had its name; set by the server.'),
    resourceVersion: string(
      6,
      "The version of the object's content, to be compared for equality only: an update that carries an old one is refused.",
    ),
    generation: int64(7, 'Counts the changes of what is wanted (the spec); set by the server.', { min: 0 }),
    creationTimestamp: time(8, 'When the server created the object.'),
    deletionTimestamp: time(
      9,
      'When the object may be gone: its deletion was asked for, and its grace period ends then; set by the server.',
      { explicit: true },
    ),
    deletionGracePeriodSeconds: int64(
      10,
      'Seconds the object has to end in order, from the moment its deletion was asked for.',
      { explicit: true },
    ),
    labels: map(11, 'Names and values by which objects are selected and grouped.', 'string'),
    annotations: map(12, 'Names and values that tools keep with the object; nothing is selected by them.', 'string'),
    ownerReferences: list(
      13,
      'The objects this one depends on: when all of them are gone, it is deleted. At most one of them is its controller.',
      ownerReference,
      { listType: 'map', keys: ['uid'], patch: 'merge', mergeKey: 'uid' },
    ),
    finalizers: list(
      14,
      'Who has work to do before the object is removed; each takes its name off the list when done.',
      'string',
      { listType: 'set', patch: 'merge' },
    ),
    managedFields: list(17, 'Which manager set which fields, for server-side apply.', managedFieldsEntry, {
      listType: 'atomic',
    }),
  },
)
export interface ObjectMeta extends Infer<typeof objectMeta> {}

export const shardInfo = message(
  'apimachinery.pkg.apis.meta.v1.ShardInfo',
  'The part of a list that a shard selector asked for.',
  {
    selector: string(1, 'The shard selector that was applied.', { required: true }),
  },
)

export const listMeta = message('apimachinery.pkg.apis.meta.v1.ListMeta', 'What a list says of itself.', {
  selfLink: string(1, 'No longer set.'),
  resourceVersion: string(2, 'The version of the data the list is a view of; a watch can start there.'),
  continue: string(3, 'A token that fetches the next part of the list; empty at its end.'),
  remainingItemCount: int64(4, 'How many objects follow this part; absent when that is not known.', { explicit: true }),
  shardInfo: one(5, 'Which shard of the objects the list holds, where a shard was asked for.', shardInfo),
})
export interface ListMeta extends Infer<typeof listMeta> {}

export const partialObjectMetadata = message(
  'apimachinery.pkg.apis.meta.v1.PartialObjectMetadata',
  'An object of any kind, reduced to its metadata.',
  {
    ...typeMeta('meta.k8s.io/v1', 'PartialObjectMetadata'),
    metadata: one(1, 'What the object says of itself.', objectMeta, { byValue: true }),
  },
)

export const partialObjectMetadataList = message(
  'apimachinery.pkg.apis.meta.v1.PartialObjectMetadataList',
  'A list of objects reduced to their metadata.',
  {
    ...typeMeta('meta.k8s.io/v1', 'PartialObjectMetadataList'),
    metadata: one(1, 'What the list says of itself.', listMeta, { byValue: true }),
    items: list(2, "The objects' metadata.", partialObjectMetadata),
  },
)
