// What is mounted into a container: its volumes, and the files the agent itself keeps for it.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Container, VolumeMount } from '../../../api/kinds/core-v1/container.ts'
import { type Mount, MountPropagation } from '../../../proto/gen/cri.ts'
import type { PodVolumes } from '../../volumes/pod-volumes.ts'
import type { VolumePod } from '../../volumes/volume.ts'
import type { Pod } from '../planning/situation.ts'
import { ConfigError } from './environment.ts'
import { expand } from './expansion.ts'
import { hostsFile } from './hosts.ts'

const propagation = {
  None: MountPropagation.PROPAGATION_PRIVATE,
  HostToContainer: MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  Bidirectional: MountPropagation.PROPAGATION_BIDIRECTIONAL,
} as const

export const volumePod = ({ metadata, spec }: Pod): VolumePod => ({
  uid: metadata.uid,
  namespace: metadata.namespace ?? '',
  spec,
})

/** @throws ConfigError, VolumeError when a mount can't be made as the spec asks */
export function containerMounts(
  volumes: PodVolumes,
  pod: Pod,
  container: Container,
  attempt: number,
  podIps: readonly string[],
  clusterDomain: string,
  environment: ReadonlyMap<string, string>,
): Mount[] {
  const mounts: Mount[] = []
  for (const mount of container.volumeMounts ?? []) {
    const source = volumes.mountSource(volumePod(pod), container, mount, subPathOf(mount, environment))
    mounts.push({
      containerPath: mount.mountPath,
      hostPath: source.hostPath,
      readonly: source.readOnly || mount.readOnly === true,
      propagation: propagation[mount.mountPropagation ?? 'None'],
      recursiveReadOnly: isRecursivelyReadOnly(mount),
    })
  }
  const taken = new Set(mounts.map(({ containerPath }) => containerPath))
  const podDir = volumes.podDir(pod.metadata.uid)
  if (!taken.has('/etc/hosts')) {
    mounts.push({ containerPath: '/etc/hosts', hostPath: writeHosts(podDir, pod, podIps, clusterDomain) })
  }
  const messagePath = container.terminationMessagePath
  if (messagePath !== undefined && messagePath !== '' && !taken.has(messagePath)) {
    mounts.push({ containerPath: messagePath, hostPath: makeTerminationFile(podDir, container.name, attempt) })
  }
  return mounts
}

/** The runtime knows how to, so IfPossible means that it is (KEP-3857). */
function isRecursivelyReadOnly({ name, readOnly, recursiveReadOnly, mountPropagation = 'None' }: VolumeMount): boolean {
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return false
  const but = !readOnly
    ? 'it is not read-only'
    : mountPropagation !== 'None' && `it is not compatible with propagation "${mountPropagation}"`
  if (!but) return true
  throw new ConfigError(
    `failed to resolve recursive read-only mode: volume "${name}" requested recursive read-only mode, but ${but}`,
  )
}

function subPathOf({ subPath = '', subPathExpr }: VolumeMount, environment: ReadonlyMap<string, string>): string {
  if (subPathExpr === undefined || subPathExpr === '') return subPath
  const missing = new Set<string>()
  const text = expand(subPathExpr, name => {
    const value = environment.get(name)
    if (!value) missing.add(name)
    return value
  })
  if (missing.size === 0) return text
  throw new ConfigError(`missing value for ${[...missing].sort().join(', ')}`)
}

/** What containers see as /etc/hosts. */
export const hostsPath = (podDir: string): string => path.join(podDir, 'etc-hosts')

function writeHosts(podDir: string, pod: Pod, podIps: readonly string[], clusterDomain: string): string {
  const file = hostsPath(podDir)
  const host = pod.spec.hostNetwork ? readFileSync('/etc/hosts', 'utf8') : ''
  mkdirSync(podDir, { recursive: true, mode: 0o750 })
  // Written in place: it may be mounted in containers that run.
  writeFileSync(file, hostsFile(pod, podIps, host, clusterDomain), { mode: 0o644 })
  return file
}

/** Where a container leaves its last words; one file an attempt. */
export const terminationFile = (podDir: string, container: string, attempt: number): string =>
  path.join(podDir, `${container}.${attempt}.termination`)

function makeTerminationFile(podDir: string, container: string, attempt: number): string {
  const file = terminationFile(podDir, container, attempt)
  mkdirSync(podDir, { recursive: true, mode: 0o750 })
  writeFileSync(file, '')
  chmodSync(file, 0o666) // Whoever the container runs as writes to it.
  return file
}
