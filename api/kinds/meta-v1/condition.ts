import { type Infer, int64, message, string, time } from '../../schema/message.ts'

export const condition = message('apimachinery.pkg.apis.meta.v1.Condition', '', {
  type: string(1, '', { required: true }),
  status: string(2, '', { required: true, enum: ['True', 'False', 'Unknown'] }),
  observedGeneration: int64(3, ''),
  lastTransitionTime: time(4, '', { required: true }),
  reason: string(5, '', { required: true }),
  message: string(6, '', { required: true }),
})
export interface Condition extends Infer<typeof condition> {}
