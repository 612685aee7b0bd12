import type { DownwardAPIVolumeFile } from '../../api/kinds/core-v1/volume-files.ts'
import { defaultFileMode, type Payload, type PayloadFile } from './payload.ts'
import type { ContentVolume, VolumeSources } from './volume.ts'
import { allOrProblems, VolumeError } from './volume-error.ts'

export const downwardApiVolume: ContentVolume = {
  field: 'downwardAPI',
  inMemory: true,
  payload: ({ volume, sources }) => {
    const { items, defaultMode } = volume.downwardAPI ?? {}
    return downwardApiPayload(items ?? [], defaultMode, sources)
  },
}

/** @throws VolumeError for references that name nothing */
export async function downwardApiPayload(
  items: readonly DownwardAPIVolumeFile[],
  defaultMode: number | undefined,
  sources: Pick<VolumeSources, 'field' | 'resource'>,
): Promise<Payload> {
  const files = await allOrProblems(items, (item): [string, PayloadFile] => {
    const mode = item.mode ?? defaultMode ?? defaultFileMode
    return [item.path, { data: Buffer.from(textOf(item, sources)), mode }]
  })
  return new Map(files)
}

function textOf(
  { path, fieldRef, resourceFieldRef }: DownwardAPIVolumeFile,
  sources: Pick<VolumeSources, 'field' | 'resource'>,
): string {
  if (fieldRef) return sources.field(fieldRef.fieldPath)
  if (resourceFieldRef) {
    const { containerName = '', resource, divisor } = resourceFieldRef
    return sources.resource(containerName, resource, divisor)
  }
  throw new VolumeError(`downwardAPI item ${JSON.stringify(path)} has neither fieldRef nor resourceFieldRef`)
}
