import { atomic, type Infer, list, map, message, string } from '../../schema/message.ts'

export const labelSelectorRequirement = message(
  'apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement',
  'A condition on one label.',
  {
    key: string(1, "The label's key.", { required: true }),
    operator: string(2, 'How the label is compared: In or NotIn the values, Exists, or DoesNotExist.', {
      required: true,
    }),
    values: list(3, 'The values of In and NotIn; must be empty for the others.', 'string', { listType: 'atomic' }),
  },
)

export const labelSelector = atomic(
  message(
    'apimachinery.pkg.apis.meta.v1.LabelSelector',
    'Selects objects by their labels; all conditions must hold. An empty one selects everything, an absent one nothing.',
    {
      matchLabels: map(1, 'Labels an object must have, with these values.', 'string'),
      matchExpressions: list(2, 'Conditions on labels.', labelSelectorRequirement, { listType: 'atomic' }),
    },
  ),
)
export interface LabelSelector extends Infer<typeof labelSelector> {}

export const fieldSelectorRequirement = message(
  'apimachinery.pkg.apis.meta.v1.FieldSelectorRequirement',
  'A condition on one field.',
  {
    key: string(1, "The field's path.", { required: true }),
    operator: string(2, 'How the field is compared: In or NotIn the values, Exists, or DoesNotExist.', {
      required: true,
      enum: ['DoesNotExist', 'Exists', 'In', 'NotIn'],
    }),
    values: list(3, 'The values of In and NotIn; must be empty for the others.', 'string', { listType: 'atomic' }),
  },
)
