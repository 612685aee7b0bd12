// A whole runtime of its own for a test: built on the spot, with names nobody else uses, killed and restarted at will, and
// taken down with everything it has made.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { build } from 'esbuild'
import { type ExecEvent, RuntimeClient } from '../../client/runtime.ts'
import { packageRoot } from '../../lib/package-root.ts'
import { dockerArchive, makeTar, type TestEntry } from '../../node-agent/runtime/images/testing.ts'
import {
  type ContainerConfig,
  ContainerState,
  type ContainerStatus,
  type PodSandboxConfig,
} from '../../proto/gen/cri.ts'

const applets =
  'sh cat echo sleep ls id env pwd true false kill hostname ip wget httpd nc stty tty dd head wc grep readlink seq ps touch mkdir stat mount ping trap top pidof netstat chmod su umount rmdir'

async function bundle(): Promise<string> {
  const root = packageRoot()
  const outdir = path.join(root, 'dist', 'test', `runtime-${process.pid}`)
  await build({
    absWorkingDir: root,
    entryPoints: {
      runtime: 'node-agent/runtime/main.ts',
      launcher: 'node-agent/runtime/launcher/main.ts',
    },
    outdir,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: 'linked',
    logLevel: 'warning',
  })
  return outdir
}

/** A docker-archive of Debian's static busybox: everything a test runs. */
async function busyboxArchive(tag = 'busybox:test'): Promise<Buffer> {
  const entries: TestEntry[] = [
    { name: 'bin/busybox', content: readFileSync('/bin/busybox'), mode: 0o755 },
    // Hard links, as in busybox's own image: one can be masked without the others. Each says what the file is like.
    ...applets
      .split(' ')
      .map(name => ({ name: `bin/${name}`, type: 'link' as const, linkname: 'bin/busybox', mode: 0o755 })),
    // Owned by root and setuid, for those who may become root; root has no password.
    { name: 'setuid/busybox', content: readFileSync('/bin/busybox'), mode: 0o4755 },
    {
      name: 'etc/passwd',
      content: [
        'root::0:0:root:/root:/bin/sh',
        'web:x:1000:1001:Web:/home/web:/bin/sh',
        'default-user:x:1003:1003::/:/bin/sh',
        'nobody:x:65534:65534:nobody:/nonexistent:/bin/sh',
        '',
      ].join('\n'),
    },
    {
      name: 'etc/group',
      content: 'root:x:0:\nweb:x:1001:\nstaff:x:50:web\ndefined-in-image:x:50000:default-user\nnogroup:x:65534:\n',
    },
    { name: 'tmp/', type: 'directory', mode: 0o1777 },
  ]
  const config = { Cmd: ['/bin/sh'], Env: ['PATH=/bin', 'FROM_IMAGE=yes'] }
  return dockerArchive([{ layers: [await makeTar(entries)], tags: [tag], config }])
}

/** A program that runs until it is asked to end. */
export const forever = 'trap "exit 0" TERM; while true; do sleep 0.05; done'

export interface Kernel {
  readonly mounts: number
  readonly links: number
  readonly cgroups: readonly string[]
  /** Of the launcher, itself excluded. */
  readonly processes: number
  readonly outputs: number
}

export const nothing: Kernel = { mounts: 0, links: 0, cgroups: [], processes: 0, outputs: 0 }

export class RuntimeFixture {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'tessera-cri-'))
  /** In memory, as on a real node. */
  readonly run = mkdtempSync(`/run/tessera-cri-${process.pid}-`)
  readonly instance = `t${process.pid.toString(36)}`
  readonly cgroupRoot = `tessera-${this.instance}`
  readonly socket = path.join(this.run, 'runtime.sock')
  readonly client = new RuntimeClient({ socketPath: this.socket })
  /** What the runtime has complained of. */
  readonly said: string[] = []
  #program = ''
  #process: ChildProcess | undefined
  /** Resolves when the process started last has ended. */
  #gone: Promise<unknown> = Promise.resolve()
  #pods = 0

  /** The bundle that `start` runs. */
  get program(): string {
    return this.#program
  }

  async open(): Promise<this> {
    this.#program = path.join(await bundle(), 'runtime.js')
    await this.start()
    const archive = await busyboxArchive()
    await this.client.importImage(
      (async function* () {
        yield archive
      })(),
    )
    return this
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, ['--enable-source-maps', this.#program, ...this.#flags()], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, TESSERA_LOG: process.env['TESSERA_LOG'] ?? 'warn' },
    })
    createInterface(child.stderr).on('line', line => {
      this.said.push(line)
      process.stderr.write(`${line}\n`)
    })
    this.#process = child
    this.#gone = once(child, 'exit')
    const failed = this.#gone.then(() => {
      throw new Error(`the runtime ended with ${String(child.exitCode ?? child.signalCode)}`)
    })
    failed.catch(() => undefined)
    await Promise.race([this.client.ready(60_000), failed])
  }

  /** As the out-of-memory killer would. */
  async kill(): Promise<void> {
    if (!this.#process) return
    this.#process.kill('SIGKILL')
    await this.#gone
    this.#process = undefined
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.start()
  }

  /** Ends it, and what it has made; answers what the kernel still shows. */
  async close(): Promise<Kernel> {
    this.client.close()
    this.#process?.kill('SIGTERM')
    await this.#gone
    const { status, stderr } = spawnSync(process.execPath, [this.#program, ...this.#flags(), '--cleanup'], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`cleaning up failed: ${stderr}`)
    const left = this.kernel()
    rmSync(path.dirname(this.#program), { recursive: true, force: true })
    for (const folder of [this.folder, this.run]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    return left
  }

  /** What a script says on the host. */
  onHost(script: string): string {
    return execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })
  }

  /** A copy of a file of the host, for mounts. */
  copyIn(file: string, name: string): string {
    const target = path.join(this.folder, name)
    copyFileSync(file, target)
    return target
  }

  async runPod(more: PodSandboxConfig = {}): Promise<string> {
    const number = this.#pods++
    const uid = `${this.instance}-${number}`
    const { podSandboxId = '' } = await this.client.runPodSandbox({
      config: {
        metadata: { name: `pod-${number}`, namespace: 'test', uid, attempt: 0 },
        hostname: `pod-${number}`,
        logDirectory: path.join(this.folder, 'logs', uid),
        dnsConfig: { servers: ['10.96.0.10'], searches: ['test.svc'], options: [] },
        ...more,
        linux: { cgroupParent: `/${this.cgroupRoot}/burstable/pod${uid}`, ...more.linux },
      },
    })
    return podSandboxId
  }

  /** A pod of which only what has to be said is said. */
  async runBarePod(name: string, more: PodSandboxConfig = {}): Promise<string> {
    const uid = randomUUID()
    const metadata = { name: `${name}-${uid}`, namespace: `namespace-${uid}`, uid, attempt: 2 }
    const { podSandboxId = '' } = await this.client.runPodSandbox({ config: { metadata, ...more } })
    return podSandboxId
  }

  /** A container of it, the same way. */
  async runBareContainer(podSandboxId: string, command: string[], more: ContainerConfig = {}): Promise<string> {
    const { containerId = '' } = await this.client.createContainer({
      podSandboxId,
      config: {
        metadata: { name: `c-${randomUUID()}`, attempt: 2 },
        image: { image: 'busybox:test' },
        command,
        ...more,
      },
    })
    await this.client.startContainer({ containerId })
    return containerId
  }

  async createContainer(
    podSandboxId: string,
    name: string,
    script: string,
    more: ContainerConfig = {},
  ): Promise<string> {
    const { containerId = '' } = await this.client.createContainer({
      podSandboxId,
      config: {
        metadata: { name, attempt: 0 },
        image: { image: 'busybox:test' },
        command: ['/bin/sh', '-c', script],
        logPath: `${name}.log`,
        ...more,
      },
    })
    return containerId
  }

  async runContainer(podSandboxId: string, name: string, script: string, more: ContainerConfig = {}): Promise<string> {
    const containerId = await this.createContainer(podSandboxId, name, script, more)
    await this.client.startContainer({ containerId })
    return containerId
  }

  async status(containerId: string): Promise<ContainerStatus> {
    const { status } = await this.client.containerStatus({ containerId })
    if (!status) throw new Error('a status without status')
    return status
  }

  async ended(containerId: string): Promise<ContainerStatus> {
    const deadline = Date.now() + 30_000
    while (Date.now() < deadline) {
      const status = await this.status(containerId)
      if (status.state === ContainerState.CONTAINER_EXITED) return status
      await delay(10)
    }
    throw new Error(`container ${containerId} does not end`)
  }

  /** What a container has said: each record's stream and content. */
  async log(containerId: string): Promise<{ readonly stream: string; readonly text: string }[]> {
    const { logPath = '' } = await this.status(containerId)
    return readLog(logPath)
  }

  sh(containerId: string, script: string): Promise<{ stdout: string; stderr: string; exitCode: number }> {
    return this.exec(containerId, '/bin/sh', '-c', script)
  }

  async exec(containerId: string, ...cmd: string[]): Promise<{ stdout: string; stderr: string; exitCode: number }> {
    const result = await this.client.execSync({ containerId, cmd, timeout: 60 })
    return {
      stdout: Buffer.from(result.stdout ?? []).toString(),
      stderr: Buffer.from(result.stderr ?? []).toString(),
      exitCode: result.exitCode ?? 0,
    }
  }

  /** The memory limit of a container, as the kernel has it. */
  memoryLimit(containerId: string): number {
    const find = (folder: string): string | undefined => {
      if (path.basename(folder) === containerId) return folder
      return list(folder)
        .map(name => find(path.join(folder, name)))
        .find(found => found !== undefined)
    }
    for (const [root, file] of [
      ['memory', 'memory.limit_in_bytes'],
      ['.', 'memory.max'],
    ] as const) {
      const folder = find(path.join('/sys/fs/cgroup', root, this.cgroupRoot))
      if (folder !== undefined) return Number(readFileSync(path.join(folder, file), 'utf8'))
    }
    throw new Error(`container ${containerId} has no cgroup`)
  }

  /** What the kernel holds for this runtime. */
  kernel(): Kernel {
    const mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')
    return {
      mounts: mountinfo.split('\n').filter(line => line.includes(this.folder) || line.includes(this.run)).length,
      links: readdirSync('/sys/class/net').filter(
        name => name.startsWith(this.instance) && name !== `${this.instance}0`,
      ).length,
      cgroups: this.#cgroups(),
      processes: this.#launched(),
      outputs: list(path.join(this.run, 'io')).length,
    }
  }

  #flags(): string[] {
    const cidr = `10.${128 + (process.pid % 64)}.${Math.floor(process.pid / 64) % 256}.0/24`
    return [
      ...['--root', path.join(this.folder, 'state', 'runtime')],
      ...['--run', this.run],
      ...['--instance', this.instance],
      ...['--pod-cidr', cidr],
    ]
  }

  /** Those of pods and containers; the classes they are grouped in stay until the end. */
  #cgroups(): string[] {
    const found: string[] = []
    const walk = (folder: string): void => {
      for (const name of list(folder)) {
        if (/^pod|^[0-9a-f]{64}$/.test(name)) found.push(path.join(folder, name))
        walk(path.join(folder, name))
      }
    }
    for (const root of ['memory', 'pids', '.']) walk(path.join('/sys/fs/cgroup', root, this.cgroupRoot))
    return found
  }

  #launched(): number {
    const launchers = processes().filter(
      ({ command }) => command.includes(this.run) && command.includes('tessera-launcher'),
    )
    // A child made in advance is a copy of the launcher, and says so.
    const children = processes().filter(({ parent }) => launchers.some(launcher => launcher.pid === parent))
    return children.filter(({ command }) => !command.includes('tessera-launcher')).length
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(entry => entry.name)
  } catch {
    return []
  }
}

function processes(): { readonly pid: number; readonly parent: number; readonly command: string }[] {
  return readdirSync('/proc')
    .filter(name => /^[0-9]+$/.test(name))
    .flatMap(name => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
        const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ')
        return [{ pid: Number(name), parent, command }]
      } catch {
        return []
      }
    })
}

/** Records of a log in CRI's format, pieces of long lines joined. */
function readLog(file: string): { readonly stream: string; readonly text: string }[] {
  const records: { stream: string; text: string }[] = []
  let open = false
  for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
    const [, stream = '', tag, text = ''] = /^\S+Z (stdout|stderr) ([FP]) (.*)$/s.exec(line) ?? []
    if (!tag) throw new Error(`no record of a log: ${line}`)
    const last = records.at(-1)
    if (open && last?.stream === stream) last.text += text
    else records.push({ stream, text })
    open = tag === 'P'
  }
  return records
}

export interface Heard {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

/** Everything an exec says, to its end. */
export async function hear(session: AsyncIterable<ExecEvent>): Promise<Heard> {
  const heard = { stdout: '', stderr: '', code: -1 }
  for await (const event of session) {
    if (event.kind === 'exit') heard.code = event.code
    else heard[event.kind] += Buffer.from(event.data).toString()
  }
  return heard
}
