import type { SecretProjection } from '../../api/kinds/core-v1/projected-volume.ts'
import type { SecretVolumeSource } from '../../api/kinds/core-v1/volumes.ts'
import { type KeySelection, keysPayload, type Payload } from './payload.ts'
import type { ContentVolume, VolumeSources } from './volume.ts'

export const secretVolume: ContentVolume = {
  field: 'secret',
  inMemory: true,
  payload({ volume, namespace, sources }) {
    const selection: SecretVolumeSource = volume.secret ?? {}
    return secretPayload(selection.secretName ?? '', selection, namespace, sources)
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
  const source = {
    notFound: `secret "${name}" not found`,
    lacks: (key: string) => `references non-existent secret key: ${key}`,
  }
  return keysPayload(source, found && new Map(data), selection)
}
