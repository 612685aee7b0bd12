// What pods that a controller makes look like.
import { type Infer, message, one } from '../../schema/message.ts'
import { objectMeta } from '../meta-v1/object-meta.ts'
import { podSpec } from './pod-spec.ts'

export const podTemplateSpec = message('api.core.v1.PodTemplateSpec', 'What pods made from it look like.', {
  metadata: one(1, 'Labels and annotations of the pods.', objectMeta, { byValue: true }),
  spec: one(2, 'What the pods run.', podSpec, { byValue: true }),
})
export interface PodTemplateSpec extends Infer<typeof podTemplateSpec> {}
