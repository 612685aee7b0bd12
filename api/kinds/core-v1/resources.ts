// What containers and claims ask for and may use.
import { type Infer, list, map, message, string } from '../../schema/message.ts'

export const resourceClaim = message('api.core.v1.ResourceClaim', 'A claim of the pod that a container uses.', {
  name: string(1, "The claim's name in the pod's resourceClaims.", { required: true, nonEmpty: true }),
  request: string(2, 'One request of the claim; empty makes all of them available.'),
})
export interface ResourceClaim extends Infer<typeof resourceClaim> {}

export const resourceRequirements = message(
  'api.core.v1.ResourceRequirements',
  'What a container asks for and may use at most.',
  {
    limits: map(
      1,
      'The most that may be used, by resource: cpu, memory, ephemeral-storage, hugepages-2Mi.',
      'quantity',
    ),
    requests: map(2, 'What is set aside on the node, by resource; where absent, the limit.', 'quantity'),
    claims: list(3, 'Devices the container uses, of those the pod claims.', resourceClaim, {
      listType: 'map',
      keys: ['name'],
    }),
  },
)
export interface ResourceRequirements extends Infer<typeof resourceRequirements> {}

export const volumeResourceRequirements = message(
  'api.core.v1.VolumeResourceRequirements',
  'What a claim asks of a volume.',
  {
    limits: map(1, 'The most the volume may have.', 'quantity'),
    requests: map(2, 'The least the volume must have: storage.', 'quantity'),
  },
)
export interface VolumeResourceRequirements extends Infer<typeof volumeResourceRequirements> {}
