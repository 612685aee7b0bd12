// A machine made of memory: fakes of the launcher, the sandboxes and the cgroups, for tests without root.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { silentLogger } from '../../../lib/logger.ts'
import type { Cgroup, CgroupLimits, Cgroups } from '../cgroups/cgroups.ts'
import type { ProcessPlan, ResolvedUser, StartedProcess } from '../container/plan.ts'
import { importArchive } from '../images/import-archive.ts'
import { Importer } from '../images/importer.ts'
import { ImageStore } from '../images/store.ts'
import { dockerArchive, makeTar } from '../images/testing.ts'
import { type Launcher, LauncherMismatchError, StartError } from '../launcher/client.ts'
import { type ExitRecord, launcherProtocol, type ProcessRecord, type StartFailure } from '../launcher/messages.ts'
import { RecordFolder } from '../records/record-folder.ts'
import type { ContainerRecord, SandboxRecord } from '../records/records.ts'
import type { Sandboxes, SandboxSpec, SandboxState } from '../sandbox/sandbox.ts'
import { ContainerLogs } from './container-logs.ts'
import { ContainerEvents } from './events.ts'
import { KeyedLock } from './keyed-lock.ts'
import { ProcessExits } from './process-exits.ts'
import type { Runtime } from './runtime.ts'

/** Keeps processes as the real one does: exits stay until acknowledged. */
class FakeLauncher implements Launcher {
  readonly running = new Map<string, ProcessRecord>()
  readonly exits = new Map<string, ExitRecord>()
  readonly plans: ProcessPlan[] = []
  readonly signals: [string, number][] = []
  /** What SIGTERM does: ends the process, or nothing. */
  heedsTerm = true
  failWith: StartFailure | undefined
  /** Who every process becomes. */
  user: ResolvedUser = { uid: 0, gid: 0, supplementaryGroups: [] }
  mismatch: string | undefined
  readonly #listeners = new Set<(exit: ExitRecord) => void>()
  #nextPid = 1000

  start(plan: ProcessPlan): Promise<StartedProcess> {
    if (this.mismatch !== undefined) return Promise.reject(new LauncherMismatchError(this.mismatch))
    this.plans.push(plan)
    if (this.failWith) return Promise.reject(new StartError(this.failWith))
    const process: ProcessRecord = {
      id: plan.id,
      kind: plan.kind,
      pid: this.#nextPid++,
      startTime: 77,
      startedAtMs: Date.now(),
    }
    this.running.set(plan.id, process)
    return Promise.resolve({ ...process, user: this.user, steps: [], warnings: [] })
  }

  /** A process ends. */
  end(id: string, exitCode: number, signal?: number): void {
    const process = this.running.get(id)
    if (!process) return
    this.running.delete(id)
    const exit: ExitRecord = { ...process, exitedAtMs: Date.now(), exitCode, ...(signal !== undefined && { signal }) }
    this.exits.set(id, exit)
    for (const listener of this.#listeners) listener(exit)
  }

  signal(id: string, signal: number): Promise<boolean> {
    this.signals.push([id, signal])
    if (!this.running.has(id)) return Promise.resolve(false)
    if (signal === 9 || this.heedsTerm) setImmediate(() => this.end(id, 128 + signal, signal))
    return Promise.resolve(true)
  }

  list() {
    return Promise.resolve({ running: [...this.running.values()], exits: [...this.exits.values()] })
  }

  onExit(listener: (exit: ExitRecord) => void): () => void {
    this.#listeners.add(listener)
    for (const exit of this.exits.values()) setImmediate(() => listener(exit))
    return () => this.#listeners.delete(listener)
  }

  acknowledge(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.exits.delete(id)
    return Promise.resolve()
  }

  info() {
    return Promise.resolve({ pid: 1, startedAtMs: 0, rssBytes: 0, starts: 0, retries: 0, protocol: launcherProtocol })
  }

  close(): void {
    this.#listeners.clear()
  }
}

class FakeSandboxes implements Sandboxes {
  readonly made = new Map<string, SandboxSpec>()
  failWith: Error | undefined
  networkReady = false

  configureNetwork(): void {
    this.networkReady = true
  }

  create(spec: SandboxSpec): SandboxState {
    if (this.failWith) throw this.failWith
    this.made.set(spec.id, spec)
    const addresses = spec.network === 'pod' ? [`10.0.0.${this.made.size}`] : []
    return { id: spec.id, namespaces: {}, addresses }
  }

  remove(id: string): void {
    this.made.delete(id)
  }

  sweep(known: ReadonlySet<string>): string[] {
    const strangers = [...this.made.keys()].filter(id => !known.has(id))
    for (const id of strangers) this.made.delete(id)
    return strangers
  }

  networkStats(): undefined {
    return undefined
  }
}

class FakeCgroups implements Cgroups {
  readonly version = 2
  readonly controllers = ['cpu', 'memory', 'pids']
  readonly limits = new Map<string, CgroupLimits>()
  readonly oomKills = new Map<string, number>()
  /** Those that somebody else has made. */
  readonly others = new Set<string>()
  /** What the kernel says to a limit it does not take. */
  refuse: (limits: CgroupLimits) => Error | undefined = () => undefined

  create(cgroup: string, limits: CgroupLimits) {
    this.#check(limits)
    this.limits.set(cgroup, limits)
    return { cgroup: this.open(cgroup), warnings: [] }
  }

  open(cgroup: string): Cgroup {
    return {
      path: cgroup,
      attachment: () => ({ version: 2, files: [], hierarchies: [] }),
      setLimits: limits => {
        this.#check(limits)
        this.limits.set(cgroup, limits)
        return []
      },
      stats: () => ({ timestampMs: Date.now(), cpuUsageNs: 5 }),
      metrics: () => ({ io: [] }),
      oomKills: () => this.oomKills.get(cgroup) ?? 0,
      processes: () => [],
      kill: () => Promise.resolve(true),
      remove: () => {
        for (const other of this.limits.keys()) {
          if (other === cgroup || other.startsWith(`${cgroup}/`)) this.limits.delete(other)
        }
        return Promise.resolve()
      },
    }
  }

  isOwn(cgroup: string): boolean {
    return !this.others.has(cgroup)
  }

  removeOwn(cgroup: string): Promise<void> {
    if (this.children(cgroup).length === 0) this.limits.delete(cgroup)
    return Promise.resolve()
  }

  #check(limits: CgroupLimits): void {
    const error = this.refuse(limits)
    if (error) throw error
  }

  children(cgroup: string): string[] {
    const below = [...this.limits.keys()].filter(other => other.startsWith(`${cgroup}/`))
    const names = below.map(other => other.slice(cgroup.length + 1).split('/')[0] ?? '')
    return [...new Set(names)].map(name => `${cgroup}/${name}`)
  }
}

export interface FakeMachine {
  readonly runtime: Runtime
  readonly launcher: FakeLauncher
  readonly sandboxes: FakeSandboxes
  readonly cgroups: FakeCgroups
  readonly folder: string
  /** What `runtime.hears` answers. */
  hears: Runtime['hears']
  /** The runtime is killed and another begins: the kernel's side stays. */
  reboot(): FakeMachine
  remove(): void
}

/** With an image `demo:1` whose command is `/bin/sh -c true`. */
export async function fakeMachine(): Promise<FakeMachine> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tessera-machine-'))
  const images = ImageStore.open(path.join(folder, 'images'))
  const importer = new Importer(images, (job, onStep) => importArchive(images.layout, job, onStep))
  const layer = await makeTar([{ name: 'bin/sh', content: 'sh', mode: 0o755 }])
  const archive = await dockerArchive([
    { layers: [layer], tags: ['demo:1'], config: { Cmd: ['/bin/sh', '-c', 'true'] } },
  ])
  await importer.import(Readable.from([archive]), { onProgress: () => undefined, signal: new AbortController().signal })
  return assemble(folder, new FakeLauncher(), new FakeSandboxes(), new FakeCgroups())
}

function assemble(folder: string, launcher: FakeLauncher, sandboxes: FakeSandboxes, cgroups: FakeCgroups): FakeMachine {
  const ioDir = path.join(folder, 'io')
  mkdirSync(ioDir, { recursive: true })
  const runtime: Runtime = {
    launcher,
    sandboxes,
    cgroups,
    images: ImageStore.open(path.join(folder, 'images')),
    sandboxRecords: new RecordFolder<SandboxRecord>(path.join(folder, 'sandboxes')),
    containerRecords: new RecordFolder<ContainerRecord>(path.join(folder, 'containers')),
    logs: new ContainerLogs(ioDir, silentLogger),
    events: new ContainerEvents(),
    exits: new ProcessExits(),
    locks: new KeyedLock(),
    logger: silentLogger,
    cgroupRoot: 'tessera',
    ioDir,
    seccomp: () => 'filter',
    hears: (pid, signal) => machine.hears(pid, signal),
    initRoot: path.join(folder, 'init'),
  }
  const machine: FakeMachine = {
    runtime,
    launcher,
    sandboxes,
    cgroups,
    folder,
    reboot: () => {
      runtime.logs.close()
      launcher.close()
      return assemble(folder, launcher, sandboxes, cgroups)
    },
    remove: () => {
      runtime.logs.close()
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    },
    hears: () => true,
  }
  return machine
}
