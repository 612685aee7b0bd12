import { type Infer, message, object, string } from '../../schema/message.ts'

export const watchEvent = message('apimachinery.pkg.apis.meta.v1.WatchEvent', '', {
  type: string(1, '', { required: true, enum: ['ADDED', 'BOOKMARK', 'DELETED', 'ERROR', 'MODIFIED'] }),
  object: object(2, '', { required: true }),
})
export interface WatchEvent extends Infer<typeof watchEvent> {}
