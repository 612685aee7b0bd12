// Several sources in one directory; of two that give the same path the later one wins.
import type { VolumeProjection } from '../../api/kinds/core-v1/projected-volume.ts'
import { configMapPayload } from './config-map.ts'
import { downwardApiPayload } from './downward-api.ts'
import type { Payload } from './payload.ts'
import { secretPayload } from './secret.ts'
import type { ContentVolume, VolumeSources } from './volume.ts'
import { allOrProblems, VolumeError } from './volume-error.ts'

export const projectedVolume: ContentVolume = {
  field: 'projected',
  inMemory: true,
  async payload({ volume, namespace, sources }) {
    const { sources: projections = [], defaultMode } = volume.projected ?? {}
    const payloads = await allOrProblems(projections, projection =>
      projectionPayload(projection, defaultMode, namespace, sources),
    )
    return new Map(payloads.flatMap(payload => [...payload]))
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
