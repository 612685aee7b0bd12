// What a process may be and may do.
import { boolean, type Infer, int64, list, message, one, string } from '../../schema/message.ts'

export const capabilities = message(
  'api.core.v1.Capabilities',
  'Changes to a set of capabilities, named without CAP_.',
  {
    add: list(1, 'Capabilities to add; ALL is every one.', 'string', { listType: 'atomic' }),
    drop: list(2, 'Capabilities to drop; ALL is every one.', 'string', { listType: 'atomic' }),
  },
)
export interface Capabilities extends Infer<typeof capabilities> {}

export const seLinuxOptions = message('api.core.v1.SELinuxOptions', 'An SELinux label.', {
  user: string(1, "The label's user."),
  role: string(2, "The label's role."),
  type: string(3, "The label's type."),
  level: string(4, "The label's level."),
})
export interface SELinuxOptions extends Infer<typeof seLinuxOptions> {}

export const windowsSecurityContextOptions = message(
  'api.core.v1.WindowsSecurityContextOptions',
  "What a container's processes may be on Windows.",
  {
    gmsaCredentialSpecName: string(1, "The name of the group managed service account's credentials.", {
      explicit: true,
    }),
    gmsaCredentialSpec: string(2, 'The credentials themselves.', { explicit: true }),
    runAsUserName: string(3, 'The user programs start as.', { explicit: true }),
    hostProcess: boolean(4, 'Whether it runs on the host itself; the same for all containers of a pod.', {
      explicit: true,
    }),
  },
)

export const seccompProfile = message('api.core.v1.SeccompProfile', 'A seccomp filter.', {
  type: string(1, "RuntimeDefault is the runtime's own, Localhost a file on the node, Unconfined none.", {
    required: true,
    enum: ['Localhost', 'RuntimeDefault', 'Unconfined'],
    nonEmpty: true,
  }),
  localhostProfile: string(2, "The file, below the node's directory of seccomp profiles; only for Localhost.", {
    explicit: true,
  }),
})
export interface SeccompProfile extends Infer<typeof seccompProfile> {}

export const appArmorProfile = message('api.core.v1.AppArmorProfile', 'An AppArmor profile.', {
  type: string(1, "RuntimeDefault is the runtime's own, Localhost one loaded on the node, Unconfined none.", {
    required: true,
    enum: ['Localhost', 'RuntimeDefault', 'Unconfined'],
    nonEmpty: true,
  }),
  localhostProfile: string(2, 'The name of the loaded profile; only for Localhost.', { explicit: true }),
})
export interface AppArmorProfile extends Infer<typeof appArmorProfile> {}

export const securityContext = message('api.core.v1.SecurityContext', "What a container's processes may be and do.", {
  capabilities: one(1, "Capabilities to add to, or take from, the runtime's default set.", capabilities),
  privileged: boolean(2, 'Whether its processes are as mighty as root on the node; default false.', { explicit: true }),
  seLinuxOptions: one(3, 'The SELinux label; default a random one.', seLinuxOptions),
  runAsUser: int64(4, "The user id its program starts as; default the image's user.", {
    explicit: true,
    min: 0,
    max: 2147483647,
  }),
  runAsNonRoot: boolean(5, 'Refuses to start as root.', { explicit: true }),
  readOnlyRootFilesystem: boolean(6, 'Whether its root file system is read-only; default false.', { explicit: true }),
  allowPrivilegeEscalation: boolean(
    7,
    'Whether a process may gain more than its parent has; false sets no_new_privs. Always true when privileged or with CAP_SYS_ADMIN.',
    { explicit: true },
  ),
  runAsGroup: int64(8, "The group id its program starts as; default the image's.", {
    explicit: true,
    min: 0,
    max: 2147483647,
  }),
  procMount: string(9, 'How /proc is mounted: Default masks some of it, Unmasked nothing.', {
    explicit: true,
    enum: ['Default', 'Unmasked'],
  }),
  windowsOptions: one(10, 'Options of Windows; not on Linux.', windowsSecurityContextOptions),
  seccompProfile: one(11, 'Which system calls it may make.', seccompProfile),
  appArmorProfile: one(12, 'The AppArmor profile that confines it.', appArmorProfile),
})
export interface SecurityContext extends Infer<typeof securityContext> {}

export const sysctl = message('api.core.v1.Sysctl', 'A kernel parameter.', {
  name: string(1, "The parameter's name: net.core.somaxconn.", { required: true, nonEmpty: true }),
  value: string(2, 'Its value.', { required: true }),
})

export const podSecurityContext = message(
  'api.core.v1.PodSecurityContext',
  "What the processes of a pod's containers may be, and how its volumes are owned.",
  {
    seLinuxOptions: one(1, 'The SELinux label of all containers; default a random one for each.', seLinuxOptions),
    runAsUser: int64(2, "The user id programs start as; default the image's user.", {
      explicit: true,
      min: 0,
      max: 2147483647,
    }),
    runAsNonRoot: boolean(3, 'Refuses to start any container as root.', { explicit: true }),
    supplementalGroups: list(4, "Further groups of every container's first process.", 'int64', { listType: 'atomic' }),
    fsGroup: int64(5, 'A group that owns the volumes and that every process is in.', {
      explicit: true,
      min: 0,
      max: 2147483647,
    }),
    runAsGroup: int64(6, "The group id programs start as; default the image's.", {
      explicit: true,
      min: 0,
      max: 2147483647,
    }),
    sysctls: list(7, "Kernel parameters of the pod's namespaces.", sysctl, {
      listType: 'atomic',
    }),
    windowsOptions: one(8, 'Options of Windows; not on Linux.', windowsSecurityContextOptions),
    fsGroupChangePolicy: string(9, 'When volumes are given to fsGroup: Always (default), or OnRootMismatch.', {
      explicit: true,
      enum: ['Always', 'OnRootMismatch'],
    }),
    seccompProfile: one(10, 'Which system calls containers may make.', seccompProfile),
    appArmorProfile: one(11, 'The AppArmor profile that confines containers.', appArmorProfile),
    supplementalGroupsPolicy: string(
      12,
      "Whether groups of the image's /etc/group are added: Merge (default), or Strict.",
      { explicit: true, enum: ['Merge', 'Strict'] },
    ),
    seLinuxChangePolicy: string(13, 'How volumes get their SELinux label: Recursive, or by MountOption.', {
      explicit: true,
      enum: ['MountOption', 'Recursive'],
    }),
  },
)
export interface PodSecurityContext extends Infer<typeof podSecurityContext> {}
