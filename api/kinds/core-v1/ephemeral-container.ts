import { embed, type Infer, message, string } from '../../schema/message.ts'
import { containerFields } from './container.ts'

export const ephemeralContainerCommon = message(
  'api.core.v1.EphemeralContainerCommon',
  'The fields an ephemeral container shares with others.',
  containerFields,
)

export const ephemeralContainer = message(
  'api.core.v1.EphemeralContainer',
  'A container added to a running pod to look at it; it has no guarantees and is not restarted.',
  {
    targetContainerName: string(2, 'The container whose processes it sees; without it, only its own.'),
  },
  embed(1, 'ephemeralContainerCommon', ephemeralContainerCommon),
)
export interface EphemeralContainer extends Infer<typeof ephemeralContainer> {}
