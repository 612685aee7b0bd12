// What of a pod's volumes is allowed and yet most likely a mistake, as Kubernetes v1.36 words it (pkg/api/pod/warnings.go).
import { each } from '../rules.ts'
import type { VolumeProjection } from './projected-volume.ts'
import type { Volume } from './volumes.ts'

const retired: Readonly<Partial<Record<keyof Volume, string>>> = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
}
/** Where the API's Go name, which the text shows, is not the JSON name. */
const shownNames: Readonly<Record<string, string>> = { storageos: 'storageOS' }

export function volumeWarnings(volumes: readonly Volume[] | undefined, field: string): string[] {
  return [
    ...[...each(field, volumes)].flatMap(([path, volume]) =>
      Object.entries(retired)
        .filter(([name]) => Object.hasOwn(volume, name))
        .map(([name, message]) => `${path}.${shownNames[name] ?? name}: ${message}`),
    ),
    ...(volumes ?? []).flatMap(overlapWarnings),
  ]
}

/** A file that a volume's source puts somewhere, with words for the source. */
interface Placed {
  readonly path: string
  readonly source: string
}

function overlapWarnings({ name, configMap, secret, downwardAPI, projected }: Volume): string[] {
  const paths = (items: readonly { readonly path: string }[] | undefined): Placed[] =>
    (items ?? []).map(({ path }) => ({ path, source: '' }))
  const within = (kind: string, placed: readonly Placed[]): string[] =>
    overlaps(placed).map(overlap => `volume ${JSON.stringify(name)} (${kind}): overlapping paths: ${overlap}`)
  const sources = projected?.sources ?? []
  const isEmpty = (source: VolumeProjection): boolean => Object.values(source).every(value => value === undefined)
  return [
    ...within(`ConfigMap ${JSON.stringify(configMap?.name ?? '')}`, paths(configMap?.items)),
    ...within(`Secret ${JSON.stringify(secret?.secretName ?? '')}`, paths(secret?.items)),
    ...within('DownwardAPI', paths(downwardAPI?.items)),
    ...sources.filter(isEmpty).map(() => `volume ${JSON.stringify(name)} (Projected) has no sources provided`),
    ...within('Projected', sources.flatMap(projectedPaths)),
  ]
}

function projectedPaths(projection: VolumeProjection): Placed[] {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = projection
  const from = (source: string, list: readonly (string | undefined)[] | undefined): Placed[] =>
    (list ?? []).filter(path => path !== undefined && path !== '').map(path => ({ path: path ?? '', source }))
  const { name = '', signerName = '', path } = clusterTrustBundle ?? {}
  const { credentialBundlePath, keyPath, certificateChainPath } = podCertificate ?? {}
  return [
    ...from(
      `ConfigMap ${JSON.stringify(configMap?.name ?? '')}`,
      configMap?.items?.map(item => item.path),
    ),
    ...from(
      `Secret ${JSON.stringify(secret?.name ?? '')}`,
      secret?.items?.map(item => item.path),
    ),
    ...from(
      'DownwardAPI',
      downwardAPI?.items?.map(item => item.path),
    ),
    ...from('ServiceAccountToken', [serviceAccountToken?.path]),
    ...from(`ClusterTrustBundle ${JSON.stringify(name === '' ? signerName : name)}`, [path]),
    ...from('PodCertificate', [credentialBundlePath, keyPath, certificateChainPath]),
  ]
}

/** `"b" with "a"`, for each path and each earlier one that is the same or that one of them lies below. */
function overlaps(placed: readonly Placed[]): string[] {
  const show = ({ path, source }: Placed): string => `"${path}"${source === '' ? '' : ` (${source})`}`
  const trimmed = placed.map(({ path, source }) => ({ path: path.replace(/\/+$/, ''), source }))
  return trimmed.flatMap((one, index) =>
    trimmed
      .slice(0, index)
      .filter(({ path }) => path === one.path || path.startsWith(`${one.path}/`) || one.path.startsWith(`${path}/`))
      .map(other => `${show(one)} with ${show(other)}`),
  )
}
