// The runtime as one object: what it reaches the kernel through, and what it remembers. Put together once, in main.ts.
import type { Logger } from '../../../lib/logger.ts'
import type { Cgroups } from '../cgroups/cgroups.ts'
import type { ImageStore } from '../images/store.ts'
import type { Launcher } from '../launcher/client.ts'
import type { RecordFolder } from '../records/record-folder.ts'
import type { ContainerRecord, SandboxRecord } from '../records/records.ts'
import type { Sandboxes } from '../sandbox/sandbox.ts'
import type { SeccompFilters } from '../security/seccomp-filters.ts'
import type { ContainerLogs } from './container-logs.ts'
import type { ContainerEvents } from './events.ts'
import type { KeyedLock } from './keyed-lock.ts'
import type { ProcessExits } from './process-exits.ts'

export interface Runtime {
  readonly launcher: Launcher
  readonly sandboxes: Sandboxes
  readonly cgroups: Cgroups
  readonly images: ImageStore
  readonly sandboxRecords: RecordFolder<SandboxRecord>
  readonly containerRecords: RecordFolder<ContainerRecord>
  readonly logs: ContainerLogs
  readonly events: ContainerEvents
  readonly exits: ProcessExits
  readonly locks: KeyedLock
  readonly logger: Logger
  /** For sandboxes that name none; relative to the hierarchies. */
  readonly cgroupRoot: string
  /** Where the FIFOs are. */
  readonly ioDir: string
  readonly seccomp: SeccompFilters
  /** Whether process 1 of a PID namespace gets a signal: sys/signals.ts. */
  readonly hears: (pid: number, signal: number) => boolean
  /** The folder that `installPause` has made: the root of pods' inits. */
  readonly initRoot: string
}
