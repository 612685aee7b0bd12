// Which objects of its namespace a pod's node has to read to run it.
import type { Container } from './container.ts'
import type { EphemeralContainer } from './ephemeral-container.ts'
import type { Pod } from './pod.ts'
import type { LocalObjectReference } from './references.ts'
import type { Volume } from './volumes.ts'

/** As `resource/name`: secrets, configmaps and persistentvolumeclaims; one may come more than once. */
export function* podReferences({ spec }: Readonly<Pod>): Generator<string> {
  for (const { name } of spec.imagePullSecrets ?? []) if (name) yield `secrets/${name}`
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]
  for (const container of containers) yield* containerReferences(container)
  for (const volume of spec.volumes ?? []) yield* volumeReferences(volume)
}

function* containerReferences({ env, envFrom }: Readonly<Container | EphemeralContainer>): Generator<string> {
  for (const { valueFrom } of env ?? []) {
    if (valueFrom?.configMapKeyRef?.name) yield `configmaps/${valueFrom.configMapKeyRef.name}`
    if (valueFrom?.secretKeyRef?.name) yield `secrets/${valueFrom.secretKeyRef.name}`
  }
  for (const { configMapRef, secretRef } of envFrom ?? []) {
    if (configMapRef?.name) yield `configmaps/${configMapRef.name}`
    if (secretRef?.name) yield `secrets/${secretRef.name}`
  }
}

function* volumeReferences(volume: Readonly<Volume>): Generator<string> {
  if (volume.configMap?.name) yield `configmaps/${volume.configMap.name}`
  for (const name of volumeSecrets(volume)) if (name) yield `secrets/${name}`
  for (const { configMap, secret } of volume.projected?.sources ?? []) {
    if (configMap?.name) yield `configmaps/${configMap.name}`
    if (secret?.name) yield `secrets/${secret.name}`
  }
  if (volume.persistentVolumeClaim) yield `persistentvolumeclaims/${volume.persistentVolumeClaim.claimName}`
}

/** The Secret of each sort of volume that can have one. Pods come here before they are validated: parts may be missing. */
function volumeSecrets(volume: Readonly<Volume>): (string | undefined)[] {
  const references: (LocalObjectReference | undefined)[] = [
    volume.csi?.nodePublishSecretRef,
    volume.cephfs?.secretRef,
    volume.cinder?.secretRef,
    volume.flexVolume?.secretRef,
    volume.iscsi?.secretRef,
    volume.rbd?.secretRef,
    volume.scaleIO?.secretRef,
    volume.storageos?.secretRef,
  ]
  return [volume.secret?.secretName, volume.azureFile?.secretName, ...references.map(reference => reference?.name)]
}
