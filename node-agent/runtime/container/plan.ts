// The plan: everything that makes one process of a container, as plain data in the order it happens. It is computed by
// pure code (build-plan.ts, build-exec-plan.ts), crosses the launcher's socket as JSON, and is executed synchronously
// between clone(2) and execve(2) by the launcher's child. It can be printed, compared and replayed.

/** Namespaces a process can join or be given; the names are those of /proc/PID/ns. */
export type NamespaceKind = 'cgroup' | 'ipc' | 'mnt' | 'net' | 'pid' | 'user' | 'uts'

/** A process as the kernel tells it from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks after boot: field 22 of /proc/PID/stat. */
  readonly startTime: number
}

/** Where one of the three standard streams comes from. */
export type StreamSource =
  /** The container's own /dev/null. */
  | { readonly kind: 'null' }
  /**
   * A FIFO on the host. With `hold` it is opened for reading and writing, so its other end may come and go without
   * SIGPIPE or end of file; without it only in the stream's own direction (stdin then sees end of file).
   */
  | { readonly kind: 'fifo'; readonly path: string; readonly hold: boolean }
  /** A descriptor of another process (the runtime's end of a pipe), duplicated with pidfd_getfd(2). */
  | { readonly kind: 'descriptor'; readonly pid: number; readonly fd: number }

export type StdioPlan =
  | {
      readonly kind: 'streams'
      readonly stdin: StreamSource
      readonly stdout: StreamSource
      readonly stderr: StreamSource
    }
  /**
   * A pseudo-terminal of the container's own devpts. The launcher keeps the master for the process's life and names it
   * in `StartedProcess.terminalFd`; take a copy with `openTerminal` (launcher/terminal.ts).
   */
  | { readonly kind: 'terminal'; readonly columns: number; readonly rows: number }

/** Flags of one mount, in mount_setattr(2)'s words. */
export interface MountFlags {
  readonly readOnly?: boolean
  readonly noSuid?: boolean
  readonly noDev?: boolean
  readonly noExec?: boolean
}

export type Propagation = 'private' | 'slave' | 'shared'

/** Who the program runs as. Names are looked up in the container's own /etc/passwd and /etc/group. */
export interface UserPlan {
  /** `user`, `uid`, `user:group`, `uid:gid`, in any mixture; digits are never a name. The empty string is root. */
  readonly user: string
  readonly supplementaryGroups: readonly number[]
  /** Whether groups that /etc/group lists for the user are added (Kubernetes' Merge policy). */
  readonly mergeImageGroups: boolean
}

/** Capability names in the kernel's spelling (`CAP_NET_RAW`), by set. */
export interface CapabilityPlan {
  readonly bounding: readonly string[]
  /** Permitted and effective. */
  readonly effective: readonly string[]
  readonly inheritable: readonly string[]
  readonly ambient: readonly string[]
}

export interface ResourceLimit {
  /** As in setrlimit(2), lower case without its prefix: `nofile`, `core`. */
  readonly name: string
  readonly soft: number
  readonly hard: number
}

/** One thing the child does. The order of steps in a plan is the order of execution. */
export type Step =
  /** setns(2) into namespaces pinned by files. */
  | { readonly do: 'joinNamespace'; readonly kind: NamespaceKind; readonly path: string }
  /** setns(2) into namespaces of a running process, by pidfd; refuses a process that is no longer the one meant. */
  | { readonly do: 'joinProcess'; readonly process: ProcessIdentity; readonly kinds: readonly NamespaceKind[] }
  /** unshare(2). */
  | { readonly do: 'newNamespace'; readonly kinds: readonly NamespaceKind[] }
  /** Writes the child into each of these cgroup.procs files. */
  | { readonly do: 'joinCgroup'; readonly files: readonly string[] }
  /**
   * Opens what becomes descriptors 0 to 2; a terminal is opened later, by `openTerminal`. A plan with neither leaves its
   * program without them.
   */
  | {
      readonly do: 'openStdio'
      readonly stdin: StreamSource
      readonly stdout: StreamSource
      readonly stderr: StreamSource
    }
  | { readonly do: 'openTerminal'; readonly columns: number; readonly rows: number; readonly console: boolean }
  /** Mounts an overlay, which becomes the root of all `target`s. */
  | {
      readonly do: 'mountOverlay'
      /** Topmost first. */
      readonly lower: readonly string[]
      readonly upper: string
      readonly work: string
    }
  /** Makes an existing directory tree the root of all `target`s. */
  | { readonly do: 'bindRoot'; readonly source: string }
  /**
   * Leaves the host's files for a mount namespace that holds the root and nothing else. Copies of `sources`, paths of the
   * host that `bind` will attach, are taken first; and of those in `shared` once more, for `joinPeers`.
   */
  | { readonly do: 'enterStage'; readonly sources: readonly string[]; readonly shared: readonly string[] }
  /** Makes the calling process's own root the root of the following steps: after joining a mount namespace. */
  | { readonly do: 'useCurrentRoot' }
  /** A file system of its own kind: proc, tmpfs, sysfs, devpts, mqueue, cgroup, cgroup2. */
  | {
      readonly do: 'mountFileSystem'
      readonly type: string
      readonly source: string
      readonly target: string
      /** fsconfig(2) keys; `true` sets a flag. */
      readonly options: Readonly<Record<string, string | true>>
      readonly flags: MountFlags
      /** Refuses a target that is a symbolic link or reached through one; for what the kernel's safety rests on. */
      readonly strict: boolean
    }
  | {
      readonly do: 'bind'
      /** A path of the host. */
      readonly source: string
      /** A path inside the root; created (as a directory or a file, as the source is) when missing. */
      readonly target: string
      readonly flags: MountFlags
      /** Whether the flags hold for the mounts below the source too. */
      readonly recursiveFlags: boolean
      readonly propagation: Propagation
    }
  /**
   * Takes copies of the root's own directories, made where missing, for `attachVolume`: before anything is mounted there
   * that would be taken instead.
   */
  | { readonly do: 'takeVolumes'; readonly paths: readonly string[] }
  | { readonly do: 'attachVolume'; readonly path: string }
  | { readonly do: 'makeDevices'; readonly devices: readonly DeviceNode[] }
  | { readonly do: 'makeSymlinks'; readonly links: readonly { readonly path: string; readonly target: string }[] }
  /** Creates a directory (the program's working directory) in the root when it is missing. */
  | { readonly do: 'makeDirectory'; readonly path: string; readonly mode: number }
  /** Mounts over paths that exist: files by /dev/null, directories by an empty read-only tmpfs. */
  | { readonly do: 'maskPaths'; readonly paths: readonly string[] }
  | { readonly do: 'readOnlyPaths'; readonly paths: readonly string[] }
  /** Makes the root file system itself read-only. */
  | { readonly do: 'readOnlyRoot' }
  /** Lets volumes of propagation `shared` share their mounts with the host, which until then they do not. */
  | { readonly do: 'joinPeers' }
  /** Makes the plan's root the process's own. */
  | { readonly do: 'enterRoot' }
  /** A session keyring of its own instead of the launcher's: keys are not to be found across containers. */
  | { readonly do: 'newKeyring' }
  | { readonly do: 'setResourceLimits'; readonly limits: readonly ResourceLimit[] }
  | { readonly do: 'setOomScoreAdj'; readonly value: number }
  | { readonly do: 'resolveUser'; readonly user: UserPlan }
  /** Becomes the user that `resolveUser` found: groups, gid, uid, then the capability sets. */
  | { readonly do: 'becomeUser'; readonly capabilities: CapabilityPlan }
  | { readonly do: 'setNoNewPrivileges' }
  /**
   * A BPF program in base64, as seccomp(2) takes it. It is installed right before execve(2), which is so the only call of
   * the child that a filter has to let pass.
   */
  | { readonly do: 'setSeccomp'; readonly program: string }
  | {
      readonly do: 'execute'
      readonly argv: readonly string[]
      /** `NAME=value`. */
      readonly env: readonly string[]
      readonly workingDirectory: string
    }

export type StepName = Step['do']

export interface DeviceNode {
  readonly path: string
  readonly type: 'char' | 'block'
  readonly major: number
  readonly minor: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

export interface ProcessPlan {
  /** Unique among the launcher's processes: the container's id, the sandbox's, or one of an exec. */
  readonly id: string
  /** An `exec` belongs to a container and ends with it; `sandbox` is the init of a pod that shares its PID namespace. */
  readonly kind: 'container' | 'exec' | 'sandbox'
  /** What clone(2) decides: a new PID namespace, the host's, or the one of this process. */
  readonly pidNamespace: 'new' | 'host' | ProcessIdentity
  readonly steps: readonly Step[]
}

/** What a program runs as, after names were looked up. */
export interface ResolvedUser {
  readonly uid: number
  readonly gid: number
  readonly supplementaryGroups: readonly number[]
}

/** One step as it went: when it ended, in microseconds after the plan's start (monotonic). */
export interface StepReport {
  /** `received`: the child had the plan in hand. */
  readonly step: StepName | 'received'
  readonly endUs: number
}

/** A running process, as the launcher answers a start. */
export interface StartedProcess extends ProcessIdentity {
  readonly id: string
  /** Milliseconds since 1970. */
  readonly startedAtMs: number
  readonly user: ResolvedUser
  readonly steps: readonly StepReport[]
  /** What was asked for and not possible on this machine (an oom_score_adj, a rlimit), in words. */
  readonly warnings: readonly string[]
  /** The terminal's master, as a descriptor number of the launcher process. */
  readonly terminalFd?: number
}
