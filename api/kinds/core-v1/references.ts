// How objects point at one another.
import { atomic, type Infer, message, string } from '../../schema/message.ts'

export const localObjectReference = atomic(
  message('api.core.v1.LocalObjectReference', 'An object of a known kind in the same namespace, by its name.', {
    name: string(1, "The object's name."),
  }),
)
export interface LocalObjectReference extends Infer<typeof localObjectReference> {}

export const objectReference = atomic(
  message('api.core.v1.ObjectReference', 'An object, as exactly as is known.', {
    kind: string(1, "The object's kind."),
    namespace: string(2, "The object's namespace."),
    name: string(3, "The object's name."),
    uid: string(4, "The object's uid."),
    apiVersion: string(5, 'The group and version of its kind.'),
    resourceVersion: string(6, 'The version of the object that is meant.'),
    fieldPath: string(7, 'The part of the object that is meant: spec.containers{name}.'),
  }),
)
export interface ObjectReference extends Infer<typeof objectReference> {}

export const typedLocalObjectReference = atomic(
  message('api.core.v1.TypedLocalObjectReference', 'An object in the same namespace, by kind and name.', {
    apiGroup: string(1, 'The API group of its kind; absent means the core group.', { explicit: true }),
    kind: string(2, "The object's kind.", { required: true }),
    name: string(3, "The object's name.", { required: true }),
  }),
)
export interface TypedLocalObjectReference extends Infer<typeof typedLocalObjectReference> {}

export const typedObjectReference = message(
  'api.core.v1.TypedObjectReference',
  'An object, by kind, name and perhaps another namespace.',
  {
    apiGroup: string(1, 'The API group of its kind; absent means the core group.', { explicit: true }),
    kind: string(2, "The object's kind.", { required: true }),
    name: string(3, "The object's name.", { required: true }),
    namespace: string(4, "The object's namespace; absent means the same.", { explicit: true }),
  },
)
export interface TypedObjectReference extends Infer<typeof typedObjectReference> {}
