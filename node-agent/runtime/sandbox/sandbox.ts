// Sandboxes: what the containers of a pod share. Namespaces are pinned by bind mounts of their files, so an idle sandbox
// costs kernel objects and no process (but for those whose containers share a PID namespace: lifecycle/pod-init.ts).
import type { LinkStatistics } from '../../sys/rtnetlink.ts'

export interface SandboxConfig {
  /**
   * Names everything this runtime makes on the machine (bridge, nftables table, veth pairs), so that several fit: lower
   * case letters and digits, at most 8.
   */
  readonly instance: string
  /** Lives as long as the machine is up: /run/tessera/ns. */
  readonly runDir: string
  /** Where address assignments are kept: /var/lib/tessera/runtime/network. */
  readonly stateDir: string
  /** Default 1500. */
  readonly mtu?: number
}

export interface PortMapping {
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  readonly hostPort: number
  readonly containerPort: number
  /** Default: every address of the host. */
  readonly hostIp?: string
}

export interface SandboxSpec {
  readonly id: string
  readonly hostname: string
  /** `pod`: made for it; `node`: the host's. With the host's network goes the host's name (UTS) too. */
  readonly network: 'pod' | 'node'
  readonly ipc: 'pod' | 'node'
  /** Keys with dots, namespaced ones only (kernel.shm*, kernel.msg*, kernel.sem, fs.mqueue.*, net.*). */
  readonly sysctls?: Readonly<Record<string, string>>
  readonly portMappings?: readonly PortMapping[]
  /** Size of the shared /dev/shm; default 64 MiB. */
  readonly shmBytes?: number
}

/** Plain data; keep it with the sandbox's record. */
export interface SandboxState {
  readonly id: string
  /** Files that pin the namespaces; absent ones are the host's. */
  readonly namespaces: { readonly network?: string; readonly ipc?: string; readonly uts?: string }
  /** Addresses of the pod, without prefix length, the first being the pod IP; empty on the host's network. */
  readonly addresses: readonly string[]
  /** The tmpfs to bind on /dev/shm of each container; absent with the host's IPC (bind the host's /dev/shm then). */
  readonly shmPath?: string
  /** The veth's end on the host. */
  readonly hostInterface?: string
}

export interface Sandboxes {
  /** Sets the pod CIDR (`10.244.1.0/24`), makes the bridge and the masquerade rules; idempotent. */
  configureNetwork(podCidr: string): void
  /** Whether configureNetwork has been called: sandboxes with a network of their own need it. */
  readonly networkReady: boolean
  /** Makes a sandbox; on an error nothing of it is left. Synchronous: it moves the calling thread between namespaces. */
  create(spec: SandboxSpec): SandboxState
  /** Removes everything of a sandbox, half-made ones too; without error when there is nothing. */
  remove(id: string): void
  /** Removes what belongs to no known sandbox (after a crash). Answers the ids removed. */
  sweep(knownIds: ReadonlySet<string>): readonly string[]
  /** Bytes and packets of the pod's interface. */
  networkStats(state: SandboxState): NetworkStats | undefined
}

/** As the pod sees them. */
export interface NetworkStats extends LinkStatistics {
  readonly interface: string
}
