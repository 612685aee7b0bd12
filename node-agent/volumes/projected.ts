// Several sources in one directory.
import type { VolumeProjection } from '../../api/kinds/core-v1.ts'
import { configMapPayload } from './config-map.ts'
import { downwardApiPayload } from './downward-api.ts'
import { type Payload, type PayloadFile, VolumeError } from './payload.ts'
import { secretPayload } from './secret.ts'
import type { ContentVolume, VolumeSources } from './volume.ts'

export const projectedVolume: ContentVolume = {
  field: 'projected',
  inMemory: true,
  async payload({ volume, namespace, sources }) {
    const { sources: projections = [], defaultMode } = volume.projected ?? {}
    const payload = new Map<string, PayloadFile>()
    for (const projection of projections) {
      for (const [path, file] of await projectionPayload(projection, defaultMode, namespace, sources)) {
        if (payload.has(path)) throw new VolumeError(`projected sources conflict: more than one gives ${path}`)
        payload.set(path, file)
      }
    }
    return payload
  },
}

async function projectionPayload(
  projection: VolumeProjection,
  defaultMode: number | undefined,
  namespace: string,
  sources: VolumeSources,
): Promise<Payload> {
  const mode = defaultMode === undefined ? {} : { defaultMode }
  const { configMap, secret, downwardAPI } = projection
  if (configMap) return configMapPayload({ ...configMap, ...mode }, namespace, sources)
  if (secret) return secretPayload(secret.name ?? '', { ...secret, ...mode }, namespace, sources)
  if (downwardAPI) return downwardApiPayload(downwardAPI.items ?? [], defaultMode, sources)
  const asked = Object.keys(projection).join(', ') || 'nothing'
  throw new VolumeError(`projected source asks for ${asked}; this node projects configMap, secret and downwardAPI`)
}
