import { type FieldError, forbidden, invalid, required } from '../../schema/field-error.ts'
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../values/names.ts'
import { Quantity } from '../../values/quantity.ts'
import { absolutePathErrors, backstepErrors, each, exactlyOne, must, relativePathErrors, unique } from '../rules.ts'
import { validateFileFieldRef, validateResourceFieldRef } from './environment-validation.ts'
import type { VolumeProjection } from './projected-volume.ts'
import type { DownwardAPIVolumeFile, KeyToPath } from './volume-files.ts'
import { type Volume, volumeSource } from './volumes.ts'

const sourceNames = volumeSource.fields.map(({ name }) => name)
const projectionNames = [
  'secret',
  'configMap',
  'downwardAPI',
  'serviceAccountToken',
  'clusterTrustBundle',
  'podCertificate',
]

export function validateVolumes(volumes: readonly Volume[] | undefined, field: string): FieldError[] {
  const errors: FieldError[] = []
  const once = unique(errors)
  for (const [path, volume] of each(field, volumes)) {
    if (volume.name !== '') must(errors, `${path}.name`, volume.name, dns1123LabelErrors)
    once(`${path}.name`, volume.name)
    exactlyOne(errors, path, volume, sourceNames, 'volume type')
    errors.push(...validateSource(volume, path))
  }
  return errors
}

function validateSource(volume: Volume, field: string): FieldError[] {
  const errors: FieldError[] = []
  const { emptyDir, hostPath, configMap, secret, downwardAPI, projected, nfs, persistentVolumeClaim, image } = volume
  if (emptyDir?.sizeLimit !== undefined && Quantity.tryParse(emptyDir.sizeLimit)?.sign() === -1) {
    errors.push(forbidden(`${field}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity'))
  }
  if (hostPath !== undefined) must(errors, `${field}.hostPath.path`, hostPath.path, backstepErrors)
  if (configMap !== undefined) {
    if (configMap.name === undefined) errors.push(required(`${field}.configMap.name`))
    errors.push(...validateFiles(configMap.items, configMap.defaultMode, `${field}.configMap`))
  }
  if (secret !== undefined) {
    if (secret.secretName === undefined) errors.push(required(`${field}.secret.secretName`))
    errors.push(...validateFiles(secret.items, secret.defaultMode, `${field}.secret`))
  }
  if (downwardAPI !== undefined) {
    must(errors, `${field}.downwardAPI.defaultMode`, downwardAPI.defaultMode, modeErrors)
    errors.push(...validateDownwardFiles(downwardAPI.items, `${field}.downwardAPI.items`))
  }
  if (projected !== undefined) {
    must(errors, `${field}.projected.defaultMode`, projected.defaultMode, modeErrors)
    errors.push(...validateProjections(projected.sources, `${field}.projected.sources`))
  }
  if (nfs !== undefined && nfs.path !== '') must(errors, `${field}.nfs.path`, nfs.path, absolutePathErrors)
  if (persistentVolumeClaim !== undefined && persistentVolumeClaim.claimName !== '') {
    must(errors, `${field}.persistentVolumeClaim.claimName`, persistentVolumeClaim.claimName, dns1123SubdomainErrors)
  }
  if (image !== undefined && image.reference === undefined) errors.push(required(`${field}.image.reference`))
  if (volume.ephemeral !== undefined && volume.ephemeral.volumeClaimTemplate === undefined) {
    errors.push(required(`${field}.ephemeral.volumeClaimTemplate`))
  }
  return errors
}

function validateFiles(
  items: readonly KeyToPath[] | undefined,
  defaultMode: number | undefined,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  must(errors, `${field}.defaultMode`, defaultMode, modeErrors)
  for (const [path, item] of each(`${field}.items`, items)) {
    if (item.path !== '') must(errors, `${path}.path`, item.path, volumeFileErrors)
    must(errors, `${path}.mode`, item.mode, modeErrors)
  }
  return errors
}

function validateDownwardFiles(items: readonly DownwardAPIVolumeFile[] | undefined, field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [path, item] of each(field, items)) {
    if (item.path !== '') must(errors, `${path}.path`, item.path, volumeFileErrors)
    must(errors, `${path}.mode`, item.mode, modeErrors)
    if (item.fieldRef === undefined && item.resourceFieldRef === undefined) {
      errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'))
    } else if (item.fieldRef !== undefined && item.resourceFieldRef !== undefined) {
      errors.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
    }
    errors.push(...validateFileFieldRef(item.fieldRef, `${path}.fieldRef`))
    errors.push(...validateResourceFieldRef(item.resourceFieldRef, `${path}.resourceFieldRef`, true))
  }
  return errors
}

function validateProjections(sources: readonly VolumeProjection[] | undefined, field: string): FieldError[] {
  const errors: FieldError[] = []
  const paths = new Set<string>()
  for (const [path, source] of each(field, sources)) {
    exactlyOne(errors, path, source, projectionNames, 'projection source')
    const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source
    for (const [name, projection] of Object.entries({ secret, configMap })) {
      if (projection === undefined) continue
      if (projection.name === undefined) errors.push(required(`${path}.${name}.name`))
      errors.push(...validateFiles(projection.items, undefined, `${path}.${name}`))
    }
    errors.push(...validateDownwardFiles(downwardAPI?.items, `${path}.downwardAPI.items`))
    for (const [name, file] of Object.entries({ serviceAccountToken, clusterTrustBundle })) {
      if (file !== undefined && file.path !== '') must(errors, `${path}.${name}.path`, file.path, volumeFileErrors)
    }
    if (
      clusterTrustBundle !== undefined &&
      (clusterTrustBundle.name === undefined) === (clusterTrustBundle.signerName === undefined)
    ) {
      const detail = 'exactly one of name and signerName must be specified'
      errors.push(invalid(`${path}.clusterTrustBundle`, clusterTrustBundle.name ?? '', detail))
    }
    const files = [
      ...[...(secret?.items ?? []), ...(configMap?.items ?? []), ...(downwardAPI?.items ?? [])].map(item => item.path),
      ...[serviceAccountToken?.path, clusterTrustBundle?.path],
      ...[podCertificate?.credentialBundlePath, podCertificate?.keyPath, podCertificate?.certificateChainPath],
    ]
    for (const file of files) {
      if (file === undefined || file === '') continue
      if (paths.has(file)) errors.push(invalid(path, file, 'conflicting duplicate paths'))
      paths.add(file)
    }
  }
  return errors
}

/** Names that begin with two dots are kept for switching a volume's content in one step. */
function volumeFileErrors(path: string): string[] {
  const errors = relativePathErrors(path)
  if (errors.length === 0 && path.startsWith('..')) errors.push("must not start with '..'")
  return errors
}

function modeErrors(mode: number): string[] {
  return mode >= 0 && mode <= 0o777 ? [] : ['must be a number between 0 and 0777 (octal), both inclusive']
}
