import type { DownwardAPIVolumeFile } from '../../api/kinds/core-v1.ts'
import { checkedPath, defaultFileMode, type Payload, type PayloadFile, VolumeError } from './payload.ts'
import type { ContentVolume, VolumeSources } from './volume.ts'

export const downwardApiVolume: ContentVolume = {
  field: 'downwardAPI',
  inMemory: true,
  payload: async ({ volume, sources }) => {
    const { items, defaultMode } = volume.downwardAPI ?? {}
    return Promise.resolve(downwardApiPayload(items ?? [], defaultMode, sources))
  },
}

/** @throws VolumeError for a reference that names nothing */
export function downwardApiPayload(
  items: readonly DownwardAPIVolumeFile[],
  defaultMode: number | undefined,
  sources: Pick<VolumeSources, 'field' | 'resource'>,
): Payload {
  const payload = new Map<string, PayloadFile>()
  for (const { path, fieldRef, resourceFieldRef, mode } of items) {
    let text: string
    if (fieldRef) text = sources.field(fieldRef.fieldPath)
    else if (resourceFieldRef) {
      const { containerName = '', resource, divisor } = resourceFieldRef
      text = sources.resource(containerName, resource, divisor)
    } else throw new VolumeError(`downwardAPI item ${JSON.stringify(path)} has neither fieldRef nor resourceFieldRef`)
    payload.set(checkedPath(path), { data: Buffer.from(text), mode: mode ?? defaultMode ?? defaultFileMode })
  }
  return payload
}
