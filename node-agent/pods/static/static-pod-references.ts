// What a static pod names of the API: nothing, since it runs without one, and since its mirror may open nothing to its
// node (https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/, NodeRestriction).
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import { podReferences } from '../../../api/kinds/core-v1/pod-references.ts'
import type { VolumeProjection } from '../../../api/kinds/core-v1/projected-volume.ts'
import type { Volume } from '../../../api/kinds/core-v1/volumes.ts'
import type { Pod } from '../planning/situation.ts'

export interface ApiReference {
  /** `spec.volumes[0].secret` */
  readonly field: string
  /** The plural: secrets. */
  readonly resource: string
}

/** Every reference, in the order of Kubernetes' own check. */
export function apiReferences(pod: Pod): ApiReference[] {
  const { spec } = pod
  const found: ApiReference[] = []
  const note = (present: unknown, field: string, resource: string): void => {
    if (present) found.push({ field, resource })
  }
  note(spec.serviceAccountName, 'spec.serviceAccountName', 'serviceaccounts')
  spec.imagePullSecrets?.forEach((_, index) => note(true, `spec.imagePullSecrets[${index}]`, 'secrets'))
  for (const list of ['initContainers', 'containers'] as const) {
    spec[list]?.forEach((container, index) => found.push(...ofContainer(container, `spec.${list}[${index}]`)))
  }
  note(spec.resourceClaims?.length, 'spec.resourceClaims', 'resourceclaims')
  spec.volumes?.forEach((volume, index) => found.push(...ofVolume(pod, volume, `spec.volumes[${index}]`)))
  return found
}

function ofContainer({ env = [], envFrom = [] }: Container, at: string): ApiReference[] {
  const sources = envFrom.flatMap(({ configMapRef, secretRef }, index) => [
    ...(configMapRef ? [{ field: `${at}.envFrom[${index}].configMapRef`, resource: 'configmaps' }] : []),
    ...(secretRef ? [{ field: `${at}.envFrom[${index}].secretRef`, resource: 'secrets' }] : []),
  ])
  const values = env.flatMap(({ valueFrom }, index) => [
    ...(valueFrom?.configMapKeyRef
      ? [{ field: `${at}.env[${index}].valueFrom.configMapKeyRef`, resource: 'configmaps' }]
      : []),
    ...(valueFrom?.secretKeyRef ? [{ field: `${at}.env[${index}].valueFrom.secretKeyRef`, resource: 'secrets' }] : []),
  ])
  return [...sources, ...values]
}

const volumeResources: readonly (readonly [keyof Volume, string])[] = [
  ['configMap', 'configmaps'],
  ['secret', 'secrets'],
  ['csi', 'csidrivers'],
  ['glusterfs', 'endpoints'],
  ['persistentVolumeClaim', 'persistentvolumeclaims'],
  ['ephemeral', 'persistentvolumeclaims'],
  ['azureFile', 'secrets'],
]

const projectedResources: readonly (readonly [keyof VolumeProjection, string])[] = [
  ['configMap', 'configmaps'],
  ['secret', 'secrets'],
  ['serviceAccountToken', 'serviceaccounts'],
  ['clusterTrustBundle', 'clustertrustbundles'],
  ['podCertificate', 'podcertificates'],
]

function ofVolume(pod: Pod, volume: Volume, at: string): ApiReference[] {
  const direct = namedIn(volume, volumeResources, at)
  if (direct.length > 0) return direct
  const projected = (volume.projected?.sources ?? []).flatMap((source, index) =>
    namedIn(source, projectedResources, `${at}.projected.sources[${index}]`),
  )
  if (projected.length > 0) return projected
  // Volumes of storage systems, whose access is in a Secret.
  const alone: Pod = { ...pod, spec: { containers: [], volumes: [volume] } }
  return [...podReferences(alone)].length === 0 ? [] : [{ field: at, resource: 'secrets' }]
}

/** Which of an object's fields are there that stand for a resource. */
function namedIn<T>(object: T, resources: readonly (readonly [keyof T & string, string])[], at: string) {
  return resources.flatMap(([field, resource]): ApiReference[] =>
    object[field] === undefined ? [] : [{ field: `${at}.${field}`, resource }],
  )
}
