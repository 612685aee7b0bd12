// What every type of volume offers, one file a type.
import type { ConfigMap } from '../../api/kinds/core-v1/config-map.ts'
import type { PodSpec } from '../../api/kinds/core-v1/pod.ts'
import type { Secret } from '../../api/kinds/core-v1/secret.ts'
import type { Volume } from '../../api/kinds/core-v1/volumes.ts'
import type { VolumeUsers } from './mounted-volumes.ts'
import type { Payload } from './payload.ts'

/** What of a pod its volumes are made from. */
export interface VolumePod {
  readonly uid: string
  readonly namespace: string
  readonly spec: Pick<PodSpec, 'volumes' | 'securityContext' | 'resources'> & VolumeUsers
}

/** Where volumes get what they are made of. Answers undefined for what does not exist. */
export interface VolumeSources {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>
  secret(namespace: string, name: string): Promise<Secret | undefined>
  /** A field of the pod, as fieldRef paths name it. */
  field(fieldPath: string): string
  /** A container's resource, as resourceFieldRef names it. */
  resource(container: string, resource: string, divisor: string | undefined): string
  /** The most memory the pod can take: what a volume in memory can hold at most. */
  readonly memoryBytes: number
}

interface ContentRequest {
  readonly volume: Volume
  readonly namespace: string
  readonly sources: VolumeSources
}

/** A type whose content follows objects of the API; containers can't write to it. */
export interface ContentVolume {
  /** The field of Volume that asks for this type. */
  readonly field: 'configMap' | 'secret' | 'downwardAPI' | 'projected'
  readonly inMemory: boolean
  /** @throws VolumeError when something that is not optional is missing */
  payload(request: ContentRequest): Promise<Payload>
}

export interface PlaceRequest {
  readonly volume: Volume
  /** The volume's own directory on disk. */
  readonly directory: string
  readonly spec: VolumePod['spec']
  readonly sources: Pick<VolumeSources, 'memoryBytes'>
}

/** A type that is a place: made once, then left to the pod. */
export interface PlaceVolume {
  readonly field: 'emptyDir' | 'hostPath'
  /** Makes it, or finds it made. @throws VolumeError */
  place(request: PlaceRequest): void
}
