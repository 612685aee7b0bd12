import type { ConfigMap } from '../../api/kinds/core-v1/config-map.ts'
import type { ConfigMapProjection } from '../../api/kinds/core-v1/projected-volume.ts'
import type { ConfigMapVolumeSource } from '../../api/kinds/core-v1/volumes.ts'
import { keysPayload, type Payload } from './payload.ts'
import type { ContentVolume, VolumeSources } from './volume.ts'

export const configMapVolume: ContentVolume = {
  field: 'configMap',
  inMemory: false,
  payload: ({ volume, namespace, sources }) => configMapPayload(volume.configMap ?? {}, namespace, sources),
}

export async function configMapPayload(
  selection: ConfigMapVolumeSource | (ConfigMapProjection & { readonly defaultMode?: number }),
  namespace: string,
  sources: Pick<VolumeSources, 'configMap'>,
): Promise<Payload> {
  const { name = '' } = selection
  const found = await sources.configMap(namespace, name)
  const source = {
    notFound: `configmap "${name}" not found`,
    lacks: (key: string) => `configmap references non-existent config key: ${key}`,
  }
  return keysPayload(source, found && configMapBytes(found), selection)
}

/** Text and binary keys alike. */
function configMapBytes({ data, binaryData }: ConfigMap): Map<string, Buffer> {
  return new Map([
    ...Object.entries(data ?? {}).map(([key, text]) => [key, Buffer.from(text)] as const),
    ...Object.entries(binaryData ?? {}).map(([key, base64]) => [key, Buffer.from(base64, 'base64')] as const),
  ])
}
