// How many of something there are to be: one form for everything that can be scaled.
import { type Infer, int32, message, one, string } from '../../schema/message.ts'
import { kind } from '../kind.ts'
import { type KubernetesObject, objectSchema } from '../object.ts'
import type { View } from '../subresource.ts'

const scaleSpec = message('api.autoscaling.v1.ScaleSpec', 'How many are wanted.', {
  replicas: int32(1, 'How many.', { min: 0 }),
})

const scaleStatus = message('api.autoscaling.v1.ScaleStatus', 'How many there are.', {
  replicas: int32(1, 'How many.', { required: true }),
  selector: string(2, 'Selects their pods, in the form that queries take.'),
})

const schema = objectSchema('api.autoscaling.v1.Scale', 'How many of something there are to be, and are.', {
  spec: one(2, 'What is wanted.', scaleSpec, { byValue: true }),
  status: one(3, 'What is known.', scaleStatus, { byValue: true }),
})
export interface Scale extends Infer<typeof schema> {}

/** Bodies of `scale` subresources; nothing is stored under this name. */
export const scales = kind<Scale>({
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  resource: 'scales',
  singular: 'scale',
  namespaced: true,
  verbs: [],
  schema,
})

/** Where an object keeps what a Scale tells of it. */
export interface ScaleRules<T> {
  /** What is wanted. */
  replicas(object: T): number
  /** The same object, with another number wanted. */
  withReplicas(object: T, replicas: number): T
  /** What there is; the selector in the form that queries take. */
  status(object: T): Scale['status']
}

/** The usual `scale`: a write of it is a write of the object. */
export function scale<T extends KubernetesObject>(rules: ScaleRules<T>): View<T, Scale> {
  return {
    is: 'view',
    name: 'scale',
    verbs: ['get', 'patch', 'update'],
    body: scales,
    writesObject: true,
    read(object) {
      const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
      const metadata = Object.entries({ name, namespace, uid, resourceVersion, creationTimestamp })
      const replicas = rules.replicas(object)
      return {
        kind: scales.kind,
        apiVersion: scales.apiVersion,
        metadata: Object.fromEntries(metadata.filter(([, value]) => value !== undefined)),
        spec: replicas === 0 ? {} : { replicas },
        status: rules.status(object),
      }
    },
    apply: (object, { spec }) => rules.withReplicas(object, spec.replicas ?? 0),
  }
}

interface Replicated extends KubernetesObject {
  spec: { replicas?: number }
  status: { replicas?: number }
}

/** The scale of what keeps `replicas` in spec and status. @param selector which pods are counted, as queries say it */
export function scaleOfReplicas<T extends Replicated>(selector: (object: T) => string): View<T, Scale> {
  return scale<T>({
    replicas: ({ spec }) => spec.replicas ?? 0,
    withReplicas: (object, replicas) => ({ ...object, spec: { ...object.spec, replicas } }),
    status(object) {
      const text = selector(object)
      return { replicas: object.status.replicas ?? 0, ...(text !== '' && { selector: text }) }
    },
  })
}
