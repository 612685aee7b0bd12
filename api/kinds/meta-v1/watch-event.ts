import { type Infer, message, object, string } from '../../schema/message.ts'

export const watchEvent = message('apimachinery.pkg.apis.meta.v1.WatchEvent', 'One event of a watch.', {
  type: string(1, 'What happened: ADDED, MODIFIED, DELETED, BOOKMARK, or ERROR.', {
    required: true,
    enum: ['ADDED', 'BOOKMARK', 'DELETED', 'ERROR', 'MODIFIED'],
  }),
  object: object(2, 'The object as it is now, or was before it was deleted; with ERROR a Status.', { required: true }),
})
export interface WatchEvent extends Infer<typeof watchEvent> {}
