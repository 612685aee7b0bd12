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
import { appContainers, initContainers, type Pod } from '../planning/situation.ts'
import { ConfigError } from './environment.ts'
import { podName } from './pod-name.ts'

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

/** @throws Error for a pod that wants a user namespace of its own, which no node here can give it */
function namespaceOptions({ spec }: Pod): NamespaceOption {
  if (spec.hostUsers === false) {
    throw new Error("can't set `spec.hostUsers: false`, runtime does not support user namespaces")
  }
  return {
    usernsOptions: { mode: NamespaceMode.NODE },
    network: spec.hostNetwork ? NamespaceMode.NODE : NamespaceMode.POD,
    ipc: spec.hostIPC ? NamespaceMode.NODE : NamespaceMode.POD,
    pid: spec.hostPID ? NamespaceMode.NODE : spec.shareProcessNamespace ? NamespaceMode.POD : NamespaceMode.CONTAINER,
  }
}

/**
 * A sandbox has nothing to do that the default profile of seccomp forbids, whatever its containers may.
 * @throws Error as namespaceOptions
 */
export function sandboxSecurity(pod: Pod): LinuxSandboxSecurityContext {
  const { securityContext: context = {} } = pod.spec
  const all = [...initContainers(pod), ...appContainers(pod)]
  return {
    namespaceOptions: namespaceOptions(pod),
    seccomp: { profileType: SecurityProfileProfileType.RuntimeDefault },
    privileged: all.some(({ securityContext }) => securityContext?.privileged),
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
  { imageUser, seccompRoot, hiddenPaths }: SecuritySettings,
): LinuxContainerSecurityContext {
  const { securityContext: podContext = {} } = pod.spec
  const { securityContext: context = {} } = container
  const runAsUser = context.runAsUser ?? podContext.runAsUser
  const runAsGroup = context.runAsGroup ?? podContext.runAsGroup
  const privileged = context.privileged ?? false
  if (context.runAsNonRoot ?? podContext.runAsNonRoot) refuseRoot(pod, container, runAsUser, imageUser)
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
    maskedPaths: unmasked ? [] : [...maskedPaths, ...hiddenPaths],
    readonlyPaths: unmasked ? [] : readonlyPaths,
    ...identity({
      ...podContext,
      ...(runAsUser !== undefined && { runAsUser }),
      ...(runAsGroup !== undefined && { runAsGroup }),
    }),
    // CRI takes a group only beside a user, so the image's own has to be named then.
    ...(runAsUser === undefined && runAsGroup !== undefined && asImageUser(imageUser)),
    ...(seLinuxOptions && { selinuxOptions: selinux(seLinuxOptions) }),
  }
}

export interface SecuritySettings {
  /** The user the image names. */
  readonly imageUser: ImageUser
  /** The folder of the node's own seccomp profiles: the only ones that pods may have. */
  readonly seccompRoot: string
  /** Paths of this machine that tell too much of it, besides those of every machine. */
  readonly hiddenPaths: readonly string[]
}

/** Who a container runs as when nobody says otherwise. */
export interface ImageUser {
  readonly uid: number | undefined
  readonly username: string
}

function asImageUser({ uid, username }: ImageUser) {
  return uid === undefined && username !== '' ? { runAsUsername: username } : { runAsUser: { value: uid ?? 0 } }
}

/** In the kubelet's words (pkg/kubelet/kuberuntime/security_context.go). */
function refuseRoot(pod: Pod, { name }: Container, runAsUser: number | undefined, image: ImageUser): void {
  const where = `(pod: "${podName(pod)}", container: ${name})`
  if (runAsUser === 0) throw new ConfigError(`container's runAsUser breaks non-root policy ${where}`)
  if (runAsUser !== undefined) return
  const { uid, username } = image
  if (uid === undefined && username !== '') {
    throw new ConfigError(
      `container has runAsNonRoot and image has non-numeric user (${username}), cannot verify user is non-root ${where}`,
    )
  }
  if ((uid ?? 0) === 0) throw new ConfigError(`container has runAsNonRoot and image will run as root ${where}`)
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
