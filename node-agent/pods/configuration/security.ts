// From security contexts to CRI: what the container says comes before what its pod says.
import path from 'node:path'
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { SELinuxOptions, SeccompProfile } from '../../../api/kinds/core-v1/security.ts'
import {
  type LinuxContainerSecurityContext,
  type LinuxSandboxSecurityContext,
  NamespaceMode,
  type NamespaceOption,
  type SELinuxOption,
  type SecurityProfile,
  SecurityProfileProfileType,
  SupplementalGroupsPolicy,
} from '../../../proto/gen/cri.ts'
import type { Pod } from '../planning/situation.ts'
import { ConfigError } from './environment.ts'

/** Paths of /proc and /sys that tell or change too much of the host: Kubernetes' and Docker's list. */
const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
]
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']

function namespaceOptions({ spec }: Pod): NamespaceOption {
  return {
    network: spec.hostNetwork ? NamespaceMode.NODE : NamespaceMode.POD,
    ipc: spec.hostIPC ? NamespaceMode.NODE : NamespaceMode.POD,
    pid: spec.hostPID ? NamespaceMode.NODE : spec.shareProcessNamespace ? NamespaceMode.POD : NamespaceMode.CONTAINER,
  }
}

/** @param seccompRoot the folder of the node's own seccomp profiles */
export function sandboxSecurity(pod: Pod, seccompRoot: string): LinuxSandboxSecurityContext {
  const { securityContext: context = {}, containers } = pod.spec
  return {
    namespaceOptions: namespaceOptions(pod),
    seccomp: seccomp(context.seccompProfile, seccompRoot),
    privileged: containers.some(container => container.securityContext?.privileged),
    ...identity(context),
    ...(context.seLinuxOptions && { selinuxOptions: selinux(context.seLinuxOptions) }),
  }
}

/**
 * @throws ConfigError when runAsNonRoot forbids the user the container would run as, or a seccomp profile is not one of
 * the node's own
 */
export function containerSecurity(
  pod: Pod,
  container: Container,
  { imageUser, seccompRoot }: SecuritySettings,
): LinuxContainerSecurityContext {
  const { securityContext: podContext = {} } = pod.spec
  const { securityContext: context = {} } = container
  const runAsUser = context.runAsUser ?? podContext.runAsUser
  const privileged = context.privileged ?? false
  if (context.runAsNonRoot ?? podContext.runAsNonRoot) refuseRoot(container, runAsUser, imageUser)
  // CRI takes a group only beside a user, so the image's own has to be named then.
  const runAsGroup = context.runAsGroup ?? podContext.runAsGroup
  const uid = runAsUser ?? (runAsGroup === undefined ? undefined : (imageUser.uid ?? 0))
  const seLinuxOptions = context.seLinuxOptions ?? podContext.seLinuxOptions
  const unmasked = privileged || context.procMount === 'Unmasked'
  return {
    namespaceOptions: namespaceOptions(pod),
    privileged,
    readonlyRootfs: context.readOnlyRootFilesystem ?? false,
    noNewPrivs: context.allowPrivilegeEscalation === false,
    capabilities: {
      addCapabilities: context.capabilities?.add ?? [],
      dropCapabilities: context.capabilities?.drop ?? [],
    },
    seccomp: seccomp(privileged ? undefined : (context.seccompProfile ?? podContext.seccompProfile), seccompRoot),
    maskedPaths: unmasked ? [] : maskedPaths,
    readonlyPaths: unmasked ? [] : readonlyPaths,
    ...identity({ ...podContext, ...withoutUndefined({ runAsUser: uid, runAsGroup: context.runAsGroup }) }),
    ...(seLinuxOptions && { selinuxOptions: selinux(seLinuxOptions) }),
  }
}

export interface SecuritySettings {
  /** The user the image names. */
  readonly imageUser: ImageUser
  /** The folder of the node's own seccomp profiles: the only ones that pods may have. */
  readonly seccompRoot: string
}

/** Who a container runs as when nobody says otherwise. */
export interface ImageUser {
  readonly uid: number | undefined
  readonly username: string
}

function refuseRoot({ name }: Container, runAsUser: number | undefined, image: ImageUser): void {
  const rule = `container has runAsNonRoot and`
  if (runAsUser === 0) throw new ConfigError(`container's runAsUser breaks non-root policy (container: ${name})`)
  if (runAsUser !== undefined) return
  if (image.uid !== undefined && image.uid !== 0) return
  if (image.username !== '' && image.username !== 'root') {
    const user = JSON.stringify(image.username)
    throw new ConfigError(
      `${rule} image has non-numeric user (${user}), cannot verify user is non-root (container: ${name})`,
    )
  }
  throw new ConfigError(`${rule} image will run as root (container: ${name})`)
}

interface Identity {
  readonly runAsUser?: number
  readonly runAsGroup?: number
  readonly fsGroup?: number
  readonly supplementalGroups?: readonly number[]
  readonly supplementalGroupsPolicy?: 'Merge' | 'Strict'
}

function identity({ runAsUser, runAsGroup, fsGroup, supplementalGroups, supplementalGroupsPolicy }: Identity) {
  const groups = new Set([...(fsGroup === undefined ? [] : [fsGroup]), ...(supplementalGroups ?? [])])
  return {
    ...(runAsUser !== undefined && { runAsUser: { value: runAsUser } }),
    ...(runAsGroup !== undefined && { runAsGroup: { value: runAsGroup } }),
    supplementalGroups: [...groups],
    supplementalGroupsPolicy: SupplementalGroupsPolicy[supplementalGroupsPolicy ?? 'Merge'],
  }
}

function withoutUndefined(values: { runAsUser: number | undefined; runAsGroup: number | undefined }): Identity {
  const { runAsUser, runAsGroup } = values
  return { ...(runAsUser !== undefined && { runAsUser }), ...(runAsGroup !== undefined && { runAsGroup }) }
}

/** Without a profile a container is unconfined, as Kubernetes' default is. CRI takes any file, by its absolute path. */
function seccomp(profile: SeccompProfile | undefined, root: string): SecurityProfile {
  const { type = 'Unconfined', localhostProfile } = profile ?? {}
  if (type !== 'Localhost') return { profileType: SecurityProfileProfileType[type] }
  const file = path.join(root, localhostProfile ?? '')
  if (!file.startsWith(`${path.resolve(root)}/`)) {
    throw new ConfigError(`seccomp profile ${JSON.stringify(localhostProfile)} is not below ${root}`)
  }
  return { profileType: SecurityProfileProfileType.Localhost, localhostRef: file }
}

const selinux = ({ user, role, type, level }: SELinuxOptions): SELinuxOption => ({ user, role, type, level })
