// What a request may ask for besides its object: query parameters, or the body of a delete.
import { boolean, type Infer, int64, list, type Message, message, one, string, typeMeta } from '../../schema/message.ts'

export const deleteOptions = message('apimachinery.pkg.apis.meta.v1.DeleteOptions', '', {
  ...typeMeta('v1', 'DeleteOptions'),
  gracePeriodSeconds: int64(1, '', { explicit: true }),
  preconditions: one(2, '', (): Message<Preconditions> => preconditions),
  orphanDependents: boolean(3, '', { explicit: true }),
  propagationPolicy: string(4, '', { explicit: true, enum: ['Background', 'Foreground', 'Orphan'] }),
  dryRun: list(5, '', 'string', { listType: 'atomic' }),
  ignoreStoreReadErrorWithClusterBreakingPotential: boolean(6, '', { explicit: true }),
})
export interface DeleteOptions extends Infer<typeof deleteOptions> {}

export const preconditions = message('apimachinery.pkg.apis.meta.v1.Preconditions', '', {
  uid: string(1, '', { explicit: true }),
  resourceVersion: string(2, '', { explicit: true }),
})
export interface Preconditions extends Infer<typeof preconditions> {}

export const createOptions = message('apimachinery.pkg.apis.meta.v1.CreateOptions', '', {
  dryRun: list(1, '', 'string'),
  fieldManager: string(3, ''),
  fieldValidation: string(4, ''),
})
export interface CreateOptions extends Infer<typeof createOptions> {}

export const updateOptions = message('apimachinery.pkg.apis.meta.v1.UpdateOptions', '', {
  dryRun: list(1, '', 'string'),
  fieldManager: string(2, ''),
  fieldValidation: string(3, ''),
})
export interface UpdateOptions extends Infer<typeof updateOptions> {}

export const patchOptions = message('apimachinery.pkg.apis.meta.v1.PatchOptions', '', {
  dryRun: list(1, '', 'string'),
  force: boolean(2, '', { explicit: true }),
  fieldManager: string(3, ''),
  fieldValidation: string(4, ''),
})
export interface PatchOptions extends Infer<typeof patchOptions> {}

export const getOptions = message('apimachinery.pkg.apis.meta.v1.GetOptions', '', {
  resourceVersion: string(1, ''),
})
export interface GetOptions extends Infer<typeof getOptions> {}

export const listOptions = message('apimachinery.pkg.apis.meta.v1.ListOptions', '', {
  labelSelector: string(1, ''),
  fieldSelector: string(2, ''),
  watch: boolean(3, ''),
  resourceVersion: string(4, ''),
  timeoutSeconds: int64(5, '', { explicit: true }),
  limit: int64(7, ''),
  continue: string(8, ''),
  allowWatchBookmarks: boolean(9, ''),
  resourceVersionMatch: string(10, ''),
  sendInitialEvents: boolean(11, '', { explicit: true }),
  shardSelector: string(15, ''),
})
export interface ListOptions extends Infer<typeof listOptions> {}

export const tableOptions = message('apimachinery.pkg.apis.meta.v1.TableOptions', '', {
  includeObject: string(1, ''),
})
export interface TableOptions extends Infer<typeof tableOptions> {}
