// Kinds made for tests, as a program could make them while the server runs: one with everything an entry can say, and
// an older version of it.
import { type Scale, scale } from '../../api/kinds/autoscaling-v1/scale.ts'
import { type Kind, kind } from '../../api/kinds/kind.ts'
import { objectSchema } from '../../api/kinds/object.ts'
import { immutable } from '../../api/kinds/rules.ts'
import { status } from '../../api/kinds/subresource.ts'
import type { FieldError } from '../../api/schema/field-error.ts'
import { type Infer, int32, message, one, string } from '../../api/schema/message.ts'

const widgetSpec = message('example.v2.WidgetSpec', 'What is wanted of a widget.', {
  replicas: int32(1, 'How many.', { explicit: true, default: 1, min: 0 }),
  color: string(2, 'Its color; it never changes.'),
})
const widgetStatus = message('example.v2.WidgetStatus', 'What is known of a widget.', {
  replicas: int32(1, 'How many there are.'),
})
const widgetSchema = objectSchema('example.v2.Widget', 'A thing that tests make.', {
  spec: one(2, 'What is wanted.', widgetSpec, { byValue: true }),
  status: one(3, 'What is known.', widgetStatus, { byValue: true }),
})
export interface Widget extends Infer<typeof widgetSchema> {}

const names = {
  group: 'example.test',
  kind: 'Widget',
  resource: 'widgets',
  singular: 'widget',
  shortNames: ['wd'],
  categories: ['toys'],
  namespaced: true,
} as const

/** A kind of a name of its own: each call makes another entry. */
export function widgetKind(): Kind<Widget> {
  return kind<Widget>({
    ...names,
    version: 'v2',
    schema: widgetSchema,
    allowCreateOnUpdate: true,
    defaultPropagationPolicy: 'Orphan',
    subresources: [
      status<Widget>(),
      scale<Widget>({
        replicas: ({ spec }) => spec.replicas ?? 0,
        withReplicas: (widget, replicas) => ({ ...widget, spec: { ...widget.spec, replicas } }),
        status: ({ status }): Scale['status'] => ({ replicas: status.replicas ?? 0, selector: 'app=widget' }),
      }),
      // Nobody has functions for these.
      { is: 'connect', name: 'proxy', verbs: ['connect'] },
      {
        is: 'action',
        name: 'polish',
        verbs: ['create'],
        body: kind<Widget>({ ...names, version: 'v2', schema: widgetSchema }),
      },
    ],
    setDefaults({ spec }) {
      spec.color ??= 'grey'
    },
    validateUpdate({ spec }, old) {
      const errors: FieldError[] = []
      immutable(errors, 'spec.color', spec.color, old.spec.color)
      return errors
    },
    warnings: ({ spec }) => (spec.color === 'beige' ? ['spec.color: beige is hardly a color'] : []),
    selectableFields: ({ spec }) => ({ 'spec.color': spec.color ?? '' }),
  })
}

const olderSpec = message('example.v1.WidgetSpec', 'What is wanted of a widget.', {
  count: int32(1, 'How many.', { explicit: true, default: 1, min: 0 }),
  colour: string(2, 'Its colour; it never changes.'),
})
const olderSchema = objectSchema('example.v1.Widget', 'A thing that tests make.', {
  spec: one(2, 'What is wanted.', olderSpec, { byValue: true }),
  status: one(3, 'What is known.', widgetStatus, { byValue: true }),
})
export interface OlderWidget extends Infer<typeof olderSchema> {}

/** The version before, which is served but not stored. */
export function olderWidgetKind(storage: Kind<Widget>): Kind<OlderWidget> {
  return kind<OlderWidget>({
    ...names,
    version: 'v1',
    schema: olderSchema,
    setDefaults({ spec }) {
      spec.colour ??= 'gray'
    },
    selectableFields: ({ spec }) => ({ 'spec.colour': spec.colour ?? '' }),
    storedAs: {
      storage,
      toStorage: ({ spec: { count, colour }, ...rest }) => ({
        ...rest,
        spec: { ...(count !== undefined && { replicas: count }), ...(colour !== undefined && { color: colour }) },
      }),
      fromStorage: ({ spec: { replicas, color }, ...rest }: Widget): OlderWidget => ({
        ...rest,
        spec: { ...(replicas !== undefined && { count: replicas }), ...(color !== undefined && { colour: color }) },
      }),
    },
  })
}
