import type { SecretProjection, SecretVolumeSource } from '../../api/kinds/core-v1.ts'
import { type KeySelection, keysPayload, type Payload } from './payload.ts'
import type { ContentVolume, VolumeSources } from './volume.ts'

export const secretVolume: ContentVolume = {
  field: 'secret',
  inMemory: true,
  payload({ volume, namespace, sources }) {
    const source: SecretVolumeSource = volume.secret ?? {}
    return secretPayload(source.secretName ?? '', source, namespace, sources)
  },
}

export async function secretPayload(
  name: string,
  selection: KeySelection | (SecretProjection & { readonly defaultMode?: number }),
  namespace: string,
  sources: Pick<VolumeSources, 'secret'>,
): Promise<Payload> {
  const found = await sources.secret(namespace, name)
  const data = Object.entries(found?.data ?? {}).map(([key, base64]) => [key, Buffer.from(base64, 'base64')] as const)
  return keysPayload(`secret "${name}"`, found && new Map(data), selection)
}
