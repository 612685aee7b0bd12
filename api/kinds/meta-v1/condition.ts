import { type Infer, int64, message, string, time } from '../../schema/message.ts'

export const condition = message(
  'apimachinery.pkg.apis.meta.v1.Condition',
  "One aspect of an object's present state.",
  {
    type: string(1, 'The aspect, in CamelCase, or with a domain in front: example.com/Ready.', { required: true }),
    status: string(2, 'Whether it holds: True, False, or Unknown.', {
      required: true,
      enum: ['True', 'False', 'Unknown'],
    }),
    observedGeneration: int64(3, 'The generation of the object that this was found for.'),
    lastTransitionTime: time(4, 'When the status changed last.', { required: true }),
    reason: string(5, 'Why, in one CamelCase word for programs.', { required: true }),
    message: string(6, 'Why, in words for people; may be empty.', { required: true }),
  },
)
export interface Condition extends Infer<typeof condition> {}
