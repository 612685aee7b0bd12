// A launcher of its own for a test: built on the spot, with a root file system of static busybox, and ended afterwards.
import assert from 'node:assert/strict'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { build } from 'esbuild'
import { packageRoot } from '../../lib/package-root.ts'
import { buildContainerPlan, buildExecPlan } from '../../node-agent/runtime/container/build-plan.ts'
import { type ContainerSpec, type ProcessSpec } from '../../node-agent/runtime/container/container-spec.ts'
import { type StartedProcess } from '../../node-agent/runtime/container/plan.ts'
import { ensureLauncher, type Launcher, StartError } from '../../node-agent/runtime/launcher/client.ts'
import { type ExitRecord } from '../../node-agent/runtime/launcher/messages.ts'
import { openExecStreams } from '../../node-agent/runtime/launcher/terminal.ts'

const applets = [
  'sh',
  'echo',
  'cat',
  'ls',
  'id',
  'sleep',
  'mount',
  'stat',
  'tty',
  'stty',
  'env',
  'pwd',
  'true',
  'false',
  'head',
  'grep',
  'kill',
  'hostname',
  'touch',
  'mkdir',
  'readlink',
  'dd',
  'ps',
  'wc',
  'tr',
  'cut',
  'sort',
  'test',
  'mknod',
  'umount',
  'unshare',
  'nsenter',
  'chroot',
  'chmod',
  'ln',
  'rm',
  'find',
]

/** Bundles the launcher from source; answers its path. */
async function buildLauncher(): Promise<string> {
  const root = packageRoot()
  const outfile = path.join(root, 'dist', 'test', `launcher-${process.pid}.js`)
  await build({
    absWorkingDir: root,
    entryPoints: ['node-agent/runtime/launcher/main.ts'],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: 'linked',
    logLevel: 'warning',
  })
  return outfile
}

/** Fills a directory with a small root file system. */
function makeBusyboxRoot(directory: string): void {
  for (const folder of ['bin', 'etc', 'tmp', 'root', 'home/web', 'dev', 'proc', 'sys'])
    mkdirSync(path.join(directory, folder), { recursive: true })
  copyFileSync('/bin/busybox', path.join(directory, 'bin/busybox'))
  for (const applet of applets) symlinkSync('busybox', path.join(directory, 'bin', applet))
  writeFileSync(
    path.join(directory, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1001:Web:/home/web:/bin/sh\n',
  )
  writeFileSync(path.join(directory, 'etc/group'), 'root:x:0:\nweb:x:1001:\nstaff:x:50:web\nvideo:x:44:nobody,web\n')
}

export interface Outcome {
  readonly started: StartedProcess
  readonly exit: ExitRecord
  readonly stdout: string
  readonly stderr: string
}

export class LauncherFixture {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'tessera-launcher-'))
  readonly layer = path.join(this.folder, 'layer')
  readonly #controller = new AbortController()
  readonly exits = new Map<string, ExitRecord>()
  #program = ''
  #launcher: Launcher | undefined
  #count = 0

  get launcher(): Launcher {
    if (this.#launcher === undefined) throw new Error('the fixture is not open')
    return this.#launcher
  }

  get socket(): string {
    return path.join(this.folder, 'run', 'launcher.sock')
  }

  get stateDir(): string {
    return path.join(this.folder, 'state')
  }

  async open(): Promise<this> {
    makeBusyboxRoot(this.layer)
    this.#program = await buildLauncher()
    this.#launcher = await this.connect()
    this.#launcher.onExit(exit => this.exits.set(exit.id, exit))
    return this
  }

  /** A further client. */
  connect(): Promise<Launcher> {
    const { socket, stateDir } = this
    return ensureLauncher({ socket, stateDir, program: this.#program }, this.#controller.signal)
  }

  /** Ends everything; fails when the launcher had something to complain about that no test expects. */
  async close(): Promise<void> {
    try {
      const { pid } = await this.launcher.info()
      try {
        const { running } = await this.launcher.list()
        for (const { id } of running) await this.launcher.signal(id, 9)
        for (const { id } of running) await this.exitOf(id)
        assert.equal(this.logText().replaceAll(/.*cut off.*\n/g, ''), '')
      } finally {
        this.#controller.abort()
        process.kill(pid, 'SIGKILL')
      }
    } finally {
      this.#controller.abort()
      rmSync(this.folder, { recursive: true, force: true })
      for (const file of [this.#program, `${this.#program}.map`]) rmSync(file, { force: true })
    }
  }

  newId(): string {
    return `c${++this.#count}`
  }

  /** A container of busybox; `process` and `spec` change it. */
  spec(argv: readonly string[], process: Partial<ProcessSpec> = {}, spec: Partial<ContainerSpec> = {}): ContainerSpec {
    const id = spec.id ?? this.newId()
    const base = path.join(this.folder, 'containers', id)
    const [upper, work] = ['upper', 'work'].map(name => path.join(base, name)) as [string, string, string]
    for (const folder of [upper, work]) mkdirSync(folder, { recursive: true })
    return {
      id,
      namespaces: { pid: 'new' },
      root: { kind: 'overlay', lower: [this.layer], upper, work },
      readOnlyRoot: false,
      mounts: [],
      ...spec,
      process: {
        argv,
        env: [],
        user: { user: '', supplementaryGroups: [], mergeImageGroups: true },
        capabilities: { add: [], drop: [], ambient: [] },
        privileged: false,
        noNewPrivileges: false,
        stdio: { kind: 'streams', stdin: { kind: 'null' }, stdout: { kind: 'null' }, stderr: { kind: 'null' } },
        ...process,
      },
    }
  }

  /** Runs a container to its end; its output by pipes. */
  async run(
    argv: readonly string[],
    process: Partial<ProcessSpec> = {},
    spec: Partial<ContainerSpec> = {},
  ): Promise<Outcome> {
    const streams = openExecStreams({ stdin: false })
    const output = Promise.all([text(streams.stdout), text(streams.stderr)])
    const container = this.spec(argv, { stdio: { kind: 'streams', ...streams.sources }, ...process }, spec)
    let started: StartedProcess
    try {
      started = await this.launcher.start(buildContainerPlan(container))
    } finally {
      streams.started()
    }
    const [stdout, stderr] = await output
    const exit = await this.exitOf(container.id)
    await this.launcher.acknowledge([container.id])
    return { started, exit, stdout, stderr }
  }

  /** Starts a container that sleeps until it is killed. */
  async sleeper(process: Partial<ProcessSpec> = {}, spec: Partial<ContainerSpec> = {}): Promise<StartedProcess> {
    return this.launcher.start(buildContainerPlan(this.spec(['sleep', '1000'], process, spec)))
  }

  /** Runs a command inside a container. */
  async exec(container: StartedProcess, argv: readonly string[], process: Partial<ProcessSpec> = {}): Promise<Outcome> {
    const streams = openExecStreams({ stdin: false })
    const output = Promise.all([text(streams.stdout), text(streams.stderr)])
    const id = this.newId()
    const base = this.spec(argv, { stdio: { kind: 'streams', ...streams.sources }, ...process }).process
    let started: StartedProcess
    try {
      started = await this.launcher.start(buildExecPlan({ id, container, process: base }))
    } finally {
      streams.started()
    }
    const [stdout, stderr] = await output
    const exit = await this.exitOf(id)
    await this.launcher.acknowledge([id])
    return { started, exit, stdout, stderr }
  }

  /** Kills a process and waits for its end. */
  async end(id: string): Promise<ExitRecord> {
    await this.launcher.signal(id, 9)
    const exit = await this.exitOf(id)
    await this.launcher.acknowledge([id])
    return exit
  }

  async exitOf(id: string, timeoutMs = 30_000): Promise<ExitRecord> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const exit = this.exits.get(id)
      if (exit !== undefined) return exit
      if (Date.now() > deadline) throw new Error(`${id} has not ended within ${timeoutMs} ms`)
      await delay(2)
    }
  }

  logText(): string {
    return readFileSync(path.join(this.stateDir, 'launcher.log'), 'utf8')
  }

  stateFiles(): string[] {
    return ['running', 'exits'].flatMap(folder => readdirSync(path.join(this.stateDir, folder)))
  }
}

/** The refusal that a start ends with. */
export async function failure(start: Promise<unknown>): Promise<StartError> {
  const error: unknown = await start.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof StartError, `expected a StartError, got ${String(error)}`)
  return error
}

/** Waits until the check holds. */
export async function eventually(
  what: string,
  check: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await delay(5)
  }
}
