// What this runtime remembers of sandboxes and containers. A record is written before anything of its subject is made
// and deleted after everything of it is gone, so what a crash leaves behind always has an owner.
import type { ContainerConfig, PodSandboxConfig } from '../../../proto/gen/cri.ts'
import type { ContainerSpec } from '../container/container-spec.ts'
import type { ProcessIdentity, ResolvedUser, StepReport } from '../container/plan.ts'
import type { SandboxSpec, SandboxState } from '../sandbox/sandbox.ts'

export interface SandboxRecord {
  readonly id: string
  readonly createdAtMs: number
  /** As it was asked for. */
  readonly config: PodSandboxConfig
  readonly runtimeHandler: string
  readonly spec: SandboxSpec
  /** Relative to the cgroup hierarchies. */
  readonly cgroupParent: string
  /** Absent while it is being made. */
  readonly state?: SandboxState
  /** Process 1 of the PID namespace that its containers share; of pods that share one only. */
  readonly init?: ProcessIdentity
  /** Set once it was stopped, or was found to have lost its namespaces or its init. */
  readonly notReady?: true
}

export interface ContainerStart extends ProcessIdentity {
  readonly startedAtMs: number
  readonly user?: ResolvedUser
  /** How the start went, step by step; absent when its answer was lost. */
  readonly steps?: readonly StepReport[]
  /** The terminal's master, a descriptor of that launcher process. */
  readonly terminal?: { readonly launcherPid: number; readonly fd: number }
}

export interface ContainerExit {
  readonly finishedAtMs: number
  readonly exitCode: number
  /** `Completed`, `Error`, `OOMKilled`, `StartError`, `Unknown`. */
  readonly reason: string
  readonly message: string
}

export interface ContainerRecord {
  readonly id: string
  readonly sandboxId: string
  readonly createdAtMs: number
  /** As it was asked for, with later changes of resources. */
  readonly config: ContainerConfig
  /** The image's ID. */
  readonly imageId: string
  /** How the image is told to others: a digest reference where there is one, else its ID. */
  readonly imageRef: string
  readonly cgroupPath: string
  /** Absolute; absent when nobody wants the log. */
  readonly logPath?: string
  /** The number of the signal that asks it to stop. */
  readonly stopSignal: number
  /** Everything decided, ready to be planned. */
  readonly spec: ContainerSpec
  /** Absent while its folders, FIFOs and cgroup are being made. */
  readonly made?: true
  readonly start?: ContainerStart
  readonly exit?: ContainerExit
}
