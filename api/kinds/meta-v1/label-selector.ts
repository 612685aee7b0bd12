import { type Infer, list, type Message, map, message, string } from '../../schema/message.ts'

export const labelSelector = message('apimachinery.pkg.apis.meta.v1.LabelSelector', '', {
  matchLabels: map(1, '', 'string'),
  matchExpressions: list(2, '', (): Message<LabelSelectorRequirement> => labelSelectorRequirement, {
    listType: 'atomic',
  }),
})
export interface LabelSelector extends Infer<typeof labelSelector> {}

export const labelSelectorRequirement = message('apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement', '', {
  key: string(1, '', { required: true, nonEmpty: true }),
  operator: string(2, '', { required: true, enum: ['DoesNotExist', 'Exists', 'In', 'NotIn'] }),
  values: list(3, '', 'string', { listType: 'atomic' }),
})
export interface LabelSelectorRequirement extends Infer<typeof labelSelectorRequirement> {}

export const fieldSelectorRequirement = message('apimachinery.pkg.apis.meta.v1.FieldSelectorRequirement', '', {
  key: string(1, '', { required: true }),
  operator: string(2, '', { required: true, enum: ['DoesNotExist', 'Exists', 'In', 'NotIn'] }),
  values: list(3, '', 'string', { listType: 'atomic' }),
})
export interface FieldSelectorRequirement extends Infer<typeof fieldSelectorRequirement> {}
