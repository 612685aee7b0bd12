// What a container shall be: the input of buildContainerPlan and buildExecPlan. Close to CRI's ContainerConfig, but with
// everything decided: paths are absolute, capability lists complete, namespaces chosen.
import {
  type DeviceNode,
  type MountFlags,
  type ProcessIdentity,
  type Propagation,
  type ResourceLimit,
  type StdioPlan,
  type UserPlan,
} from './plan.ts'

/** The namespaces a container does not share with the host; an absent path means the host's. */
export interface ContainerNamespaces {
  /** Files that pin namespaces (`SandboxState.namespaces`). */
  readonly network?: string
  readonly ipc?: string
  readonly uts?: string
  /** `new`: its own; `host`: the node's; otherwise that of a process (shared by the pod, or a target container's). */
  readonly pid: 'new' | 'host' | ProcessIdentity
}

export interface BindMountSpec {
  readonly kind: 'bind'
  readonly source: string
  readonly target: string
  readonly flags?: MountFlags
  /** Default `private`; Kubernetes' HostToContainer is `slave`, Bidirectional is `shared`. */
  readonly propagation?: Propagation
  /** Whether read-only holds for mounts below the source too; default false, as in Kubernetes. */
  readonly recursiveReadOnly?: boolean
}

interface TmpfsMountSpec {
  readonly kind: 'tmpfs'
  readonly target: string
  readonly sizeBytes?: number
  /** Octal permission bits of its root; default 0o1777. */
  readonly mode?: number
  readonly flags?: MountFlags
}

/**
 * A directory of the root itself, made where missing, as a mount of its own: what the image calls a volume. It holds what
 * the image put there, and is writable though the root may not be. What it takes is the container's, and goes with it.
 */
interface ImageVolumeSpec {
  readonly kind: 'image-volume'
  readonly target: string
}

export type MountSpec = BindMountSpec | TmpfsMountSpec | ImageVolumeSpec

export type RootSpec =
  /** Directories of the host. `lower` topmost first. */
  | {
      readonly kind: 'overlay'
      readonly lower: readonly string[]
      readonly upper: string
      readonly work: string
    }
  | { readonly kind: 'directory'; readonly path: string }

export interface CapabilitySpec {
  /** With or without `CAP_`, any case; `ALL` for all. */
  readonly add: readonly string[]
  readonly drop: readonly string[]
  readonly ambient: readonly string[]
}

export interface ProcessSpec {
  readonly argv: readonly string[]
  /** `NAME=value`; HOME and PATH are added when absent. */
  readonly env: readonly string[]
  /** Inside the container; default `/`; created when missing. A relative one fails the start (runtime-spec, config.md). */
  readonly workingDirectory?: string
  readonly user: UserPlan
  readonly capabilities: CapabilitySpec
  /** Every capability, no masked or read-only paths, no seccomp filter, devices of the host. */
  readonly privileged: boolean
  readonly noNewPrivileges: boolean
  readonly limits?: readonly ResourceLimit[]
  readonly oomScoreAdj?: number
  /** A compiled BPF filter in base64 (security/seccomp); absent means unconfined. */
  readonly seccomp?: string
  readonly stdio: StdioPlan
}

/** Where the container stands in the cgroup trees: `Cgroup.attachment()` of cgroups/cgroups.ts. */
export interface CgroupAttachment {
  readonly version: 1 | 2
  /** Files by which a process joins, in this order: memory's last, which charges from then on. */
  readonly files: readonly string[]
  /** v1 hierarchies to show below /sys/fs/cgroup: [directory, mount option], for instance ["memory", "memory"]. */
  readonly hierarchies: readonly (readonly [string, string])[]
}

export interface GivenDevice extends DeviceNode {
  /** What its device cgroup lets it do: of r (read), w (write), m (mknod). */
  readonly access: string
}

export interface ContainerSpec {
  readonly id: string
  readonly namespaces: ContainerNamespaces
  readonly root: RootSpec
  readonly readOnlyRoot: boolean
  /** In this order; later ones may lie inside earlier ones. `/dev/shm` among them replaces the private one. */
  readonly mounts: readonly MountSpec[]
  /** Besides the standard nodes, or instead of those with the same path. */
  readonly devices?: readonly GivenDevice[]
  /** Absent: the defaults of security/paths.ts. Empty: none. */
  readonly maskedPaths?: readonly string[]
  readonly readOnlyPaths?: readonly string[]
  readonly cgroup?: CgroupAttachment
  readonly process: ProcessSpec
}

/** A further process inside a running container. */
export interface ExecSpec {
  /** Unique; not a container's id. */
  readonly id: string
  /** The container's first process, from its `StartedProcess`. */
  readonly container: ProcessIdentity
  /** The container's own attachment, so the process counts towards its limits. */
  readonly cgroup?: CgroupAttachment
  readonly process: ProcessSpec
}
