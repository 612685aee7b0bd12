import { type Infer, one } from '../../schema/message.ts'
import { objectSchema } from '../object.ts'
import { podSpec } from './pod-spec.ts'
import { podStatus } from './pod-status.ts'

export const podSchema = objectSchema(
  'api.core.v1.Pod',
  'A group of containers that run together on one node, with one network and one life.',
  {
    spec: one(2, 'What is wanted.', podSpec, { byValue: true }),
    status: one(3, 'What is known of it; written by the node agent.', podStatus, { byValue: true }),
  },
)
export interface Pod extends Infer<typeof podSchema> {}
