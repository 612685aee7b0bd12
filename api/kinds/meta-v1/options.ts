// What a request may ask for besides its object: query parameters, or the body of a delete.
import { boolean, type Infer, int64, list, message, one, string } from '../../schema/message.ts'

export const preconditions = message(
  'apimachinery.pkg.apis.meta.v1.Preconditions',
  'What must hold for an operation to happen.',
  {
    uid: string(1, 'The uid the object must have.', { explicit: true }),
    resourceVersion: string(2, 'The resourceVersion the object must have.', { explicit: true }),
  },
)

export const deleteOptions = message('apimachinery.pkg.apis.meta.v1.DeleteOptions', 'What a delete may ask for.', {
  // Clients send the group version of whatever they delete.
  kind: string(0, 'DeleteOptions.'),
  apiVersion: string(0, 'The group and version of the objects that are deleted, or v1.'),
  gracePeriodSeconds: int64(1, 'Seconds the object has to end in order; absent takes its own, 0 deletes at once.', {
    explicit: true,
  }),
  preconditions: one(2, 'What must hold for the object to be deleted.', preconditions),
  orphanDependents: boolean(3, 'Superseded by propagationPolicy: whether what it owns stays.', { explicit: true }),
  propagationPolicy: string(
    4,
    'What happens to what the object owns: Orphan keeps it, Background deletes it afterwards, Foreground before.',
    { explicit: true, enum: ['Background', 'Foreground', 'Orphan'] },
  ),
  dryRun: list(5, 'All runs every check but stores nothing.', 'string', { listType: 'atomic' }),
  ignoreStoreReadErrorWithClusterBreakingPotential: boolean(
    6,
    'Deletes an object that cannot be read from the store, without its finalizers; this may break the cluster.',
    { explicit: true },
  ),
})
export interface DeleteOptions extends Infer<typeof deleteOptions> {}

export const createOptions = message('apimachinery.pkg.apis.meta.v1.CreateOptions', 'What a create may ask for.', {
  dryRun: list(1, 'All runs every check but stores nothing.', 'string'),
  fieldManager: string(3, 'Who makes the change, by name.'),
  fieldValidation: string(4, 'What to do about unknown and duplicate fields: Ignore, Warn, or Strict.'),
})

export const updateOptions = message('apimachinery.pkg.apis.meta.v1.UpdateOptions', 'What an update may ask for.', {
  dryRun: list(1, 'All runs every check but stores nothing.', 'string'),
  fieldManager: string(2, 'Who makes the change, by name.'),
  fieldValidation: string(3, 'What to do about unknown and duplicate fields: Ignore, Warn, or Strict.'),
})

export const patchOptions = message('apimachinery.pkg.apis.meta.v1.PatchOptions', 'What a patch may ask for.', {
  dryRun: list(1, 'All runs every check but stores nothing.', 'string'),
  force: boolean(2, 'With server-side apply: takes fields over from other managers.', { explicit: true }),
  fieldManager: string(3, 'Who makes the change, by name.'),
  fieldValidation: string(4, 'What to do about unknown and duplicate fields: Ignore, Warn, or Strict.'),
})

export const getOptions = message('apimachinery.pkg.apis.meta.v1.GetOptions', 'What a get may ask for.', {
  resourceVersion: string(1, 'How new the answer must be; empty asks for the newest.'),
})

export const listOptions = message('apimachinery.pkg.apis.meta.v1.ListOptions', 'What a list or a watch may ask for.', {
  labelSelector: string(1, 'Which objects, by their labels.'),
  fieldSelector: string(2, 'Which objects, by their fields.'),
  watch: boolean(3, 'Streams the changes of the list instead of answering it.'),
  resourceVersion: string(4, 'Where the list or watch begins; empty means now.'),
  timeoutSeconds: int64(5, 'Seconds after which the call ends by itself.', { explicit: true }),
  limit: int64(7, 'At most so many objects in one answer.'),
  continue: string(8, 'The token with which the last answer ended: fetches the next part.'),
  allowWatchBookmarks: boolean(9, 'Asks for events that only tell how far the watch has come.'),
  resourceVersionMatch: string(10, 'How resourceVersion is meant for a list: Exact, or NotOlderThan.'),
  sendInitialEvents: boolean(11, 'A watch begins with every present object, then a bookmark.', { explicit: true }),
  shardSelector: string(15, 'Which shard of the objects.'),
})
export interface ListOptions extends Infer<typeof listOptions> {}

export const tableOptions = message(
  'apimachinery.pkg.apis.meta.v1.TableOptions',
  'What a request for a table may ask for.',
  {
    includeObject: string(1, "What stands beside a row's cells: None, Metadata (the default), or Object."),
  },
)
export interface TableOptions extends Infer<typeof tableOptions> {}
