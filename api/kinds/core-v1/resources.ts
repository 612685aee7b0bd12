// What containers and claims ask for and may use.
import { type Infer, list, type Message, map, message, string } from '../../schema/message.ts'

export const resourceRequirements = message('api.core.v1.ResourceRequirements', '', {
  limits: map(1, '', 'quantity'),
  requests: map(2, '', 'quantity'),
  claims: list(3, '', (): Message<ResourceClaim> => resourceClaim, { listType: 'map', keys: ['name'] }),
})
export interface ResourceRequirements extends Infer<typeof resourceRequirements> {}

export const resourceClaim = message('api.core.v1.ResourceClaim', '', {
  name: string(1, '', { required: true, nonEmpty: true }),
  request: string(2, ''),
})
export interface ResourceClaim extends Infer<typeof resourceClaim> {}

export const volumeResourceRequirements = message('api.core.v1.VolumeResourceRequirements', '', {
  limits: map(1, '', 'quantity'),
  requests: map(2, '', 'quantity'),
})
export interface VolumeResourceRequirements extends Infer<typeof volumeResourceRequirements> {}
