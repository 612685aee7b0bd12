// How objects point at one another.
import { type Infer, message, string } from '../../schema/message.ts'

export const localObjectReference = message('api.core.v1.LocalObjectReference', '', {
  name: string(1, ''),
})
export interface LocalObjectReference extends Infer<typeof localObjectReference> {}

export const objectReference = message('api.core.v1.ObjectReference', '', {
  kind: string(1, ''),
  namespace: string(2, ''),
  name: string(3, ''),
  uid: string(4, ''),
  apiVersion: string(5, ''),
  resourceVersion: string(6, ''),
  fieldPath: string(7, ''),
})
export interface ObjectReference extends Infer<typeof objectReference> {}

export const typedLocalObjectReference = message('api.core.v1.TypedLocalObjectReference', '', {
  apiGroup: string(1, '', { explicit: true }),
  kind: string(2, '', { required: true }),
  name: string(3, '', { required: true }),
})
export interface TypedLocalObjectReference extends Infer<typeof typedLocalObjectReference> {}

export const typedObjectReference = message('api.core.v1.TypedObjectReference', '', {
  apiGroup: string(1, '', { explicit: true }),
  kind: string(2, '', { required: true }),
  name: string(3, '', { required: true }),
  namespace: string(4, '', { explicit: true }),
})
export interface TypedObjectReference extends Infer<typeof typedObjectReference> {}
