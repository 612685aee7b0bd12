// What every type of volume offers, one file a type.
import type { ConfigMap, Secret, Volume } from '../../api/kinds/core-v1.ts'
import type { Payload } from './payload.ts'

/** Where volumes get what they are made of. Answers undefined for what does not exist. */
export interface VolumeSources {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>
  secret(namespace: string, name: string): Promise<Secret | undefined>
  /** A field of the pod, as fieldRef paths name it. */
  field(fieldPath: string): string
  /** A container's resource, as resourceFieldRef names it. */
  resource(container: string, resource: string, divisor: string | undefined): string
}

interface VolumeRequest {
  readonly volume: Volume
  readonly namespace: string
  readonly sources: VolumeSources
  /** The volume's own directory on disk, or in memory for what must never reach a disk. */
  readonly diskDir: string
  readonly memoryDir: string
  /** The pod's fsGroup: the group that owns what the volume holds. */
  readonly gid: number | undefined
}

/** A type whose content follows objects of the API. */
export interface ContentVolume {
  /** The field of Volume that asks for this type. */
  readonly field: 'configMap' | 'secret' | 'downwardAPI' | 'projected'
  readonly inMemory: boolean
  /** @throws VolumeError when something that is not optional is missing */
  payload(request: VolumeRequest): Promise<Payload>
}

/** A type that is a place: made once, then left to the pod. */
export interface PlaceVolume {
  readonly field: 'emptyDir' | 'hostPath'
  /**
   * Makes it, or finds it made.
   * @returns the path on the host
   */
  place(request: VolumeRequest): Promise<string>
}
