// A real cluster for a test: its own name, ports and networks, started and stopped by the commands users type.
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { packageRoot } from '../../lib/package-root.ts'
import { claimPorts } from '../ports.ts'

export const root = packageRoot()

export interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Cluster extends AsyncDisposable {
  readonly name: string
  readonly kubeconfig: string
  /** What `npm start` printed. */
  readonly startOutput: string
  /** Arguments that name this cluster to `npm start` and `npm stop`. */
  readonly args: readonly string[]
  /** Runs tsctl; whatever its exit code. */
  tsctl(args: readonly string[], input?: string): Promise<Result>
  /** Runs tsctl, which must succeed; answers what it printed. */
  ok(args: readonly string[], input?: string): Promise<string>
  /** The pid of a program of the cluster: control-plane, runtime, node-agent. */
  pid(program: string): number
  stop(): Promise<Result>
}

export interface ClusterOptions {
  readonly store?: 'embedded' | 'etcd'
  readonly demo?: boolean
}

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  sweep()
  const name = `e2e${process.pid.toString(36)}`
  const args = [`--name=${name}`, `--port=${await claimPorts(4)}`, `--pod-cidr=${podCidr()}`]
  const started = await run(process.execPath, [
    'deploy/local/start.mjs',
    ...args,
    `--store=${options.store ?? 'embedded'}`,
    ...(options.demo ? [] : ['--no-demo']),
  ])
  const stop = (): Promise<Result> => run(process.execPath, ['deploy/local/stop.mjs', '--wipe', `--name=${name}`])
  if (started.code !== 0) {
    const logs = programLogs(name)
    await stop()
    throw new Error(`the cluster did not start: ${started.stdout}${started.stderr}\n${logs}`)
  }
  const kubeconfig = `/var/lib/${name}/pki/admin.kubeconfig`
  const tsctl = (words: readonly string[], input?: string): Promise<Result> =>
    run(process.execPath, ['dist/tsctl.js', '--kubeconfig', kubeconfig, ...words], input)
  return {
    name,
    kubeconfig,
    args,
    startOutput: started.stdout,
    tsctl,
    async ok(words, input) {
      const { code, stdout, stderr } = await tsctl(words, input)
      if (code !== 0) throw new Error(`tsctl ${words.join(' ')} ended with ${code}: ${stderr}${stdout}`)
      return stdout
    },
    pid(program) {
      const record = JSON.parse(readFileSync(`/run/${name}/supervisor.json`, 'utf8')) as {
        programs: Record<string, { pid?: number }>
      }
      const pid = record.programs[program]?.pid
      if (pid === undefined) throw new Error(`${program} is not running`)
      return pid
    },
    stop,
    async [Symbol.asyncDispose]() {
      const { code, stderr } = await stop()
      if (code !== 0) throw new Error(`the cluster did not stop: ${stderr}`)
    },
  }
}

/** Imports the demo image, which clusters started without the demo do not have. */
export async function importDemoImage(cluster: Cluster): Promise<void> {
  const { demoImageArchive } = await import('../../deploy/local/demo-image.ts')
  const { RuntimeClient } = await import('../../client/runtime.ts')
  using runtime = new RuntimeClient({ socketPath: `/run/${cluster.name}/runtime.sock` })
  await runtime.importImage(
    (async function* () {
      yield await demoImageArchive()
    })(),
  )
}

/** Runs a program of the project to its end. */
export function run(command: string, args: readonly string[], input?: string): Promise<Result> {
  return new Promise(resolve => {
    const child = execFile(
      command,
      args,
      { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? 255 : 0, stdout, stderr })
      },
    )
    child.stdin?.end(input ?? '')
  })
}

/** Repeats until the check passes; its last failure is the error when time is up. */
export async function eventually<T>(check: () => Promise<T>, timeoutMs = 60_000): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await delay(100)
    }
  }
}

/** What a cluster of this name has left on the machine, in words; nothing when it is gone without a trace. */
export function leftovers(name: string): string[] {
  const found: string[] = []
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter(line => line.includes(`/${name}/`))
  found.push(...mounts.map(line => `mount ${line.split(' ')[1] ?? ''}`))
  for (const link of readdirSync('/sys/class/net')) if (link.startsWith(name)) found.push(`link ${link}`)
  for (const file of [`/run/${name}`, `/var/lib/${name}`, `/var/log/${name}`]) if (existsSync(file)) found.push(file)
  for (const pid of readdirSync('/proc').filter(entry => /^\d+$/.test(entry))) {
    const command = commandOf(pid)
    if (command.includes(`/${name}/`)) found.push(`process ${pid} ${command}`)
  }
  for (const hierarchy of readdirSync('/sys/fs/cgroup')) {
    if (existsSync(`/sys/fs/cgroup/${hierarchy}/${name}`)) found.push(`cgroup ${hierarchy}/${name}`)
  }
  const tables = spawnSync('nft', ['list', 'tables'], { encoding: 'utf8' })
  if (tables.status === 0 && tables.stdout.includes(name)) found.push(`nftables ${tables.stdout.trim()}`)
  return found
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

/** Clusters of test processes that were killed. */
function sweep(): void {
  const names = ['/run', '/var/lib']
    .flatMap(folder => readdirSync(folder))
    .filter(name => /^e2e[0-9a-z]{1,5}$/.test(name))
  for (const name of new Set(names)) {
    if (existsSync(`/proc/${Number.parseInt(name.slice(3), 36)}`)) continue
    spawnSync(process.execPath, ['deploy/local/stop.mjs', '--wipe', `--name=${name}`], { cwd: root })
  }
}

function programLogs(name: string): string {
  const folder = `/var/log/${name}`
  if (!existsSync(folder)) return ''
  return readdirSync(folder)
    .filter(file => file.endsWith('.log'))
    .map(file => `${file}:\n${readFileSync(path.join(folder, file), 'utf8').slice(-2000)}`)
    .join('\n')
}

/** A network of this test process's own, far from those that clusters use by default. */
function podCidr(): string {
  return `10.${200 + (process.pid % 50)}.${Math.floor(process.pid / 50) % 256}.0/24`
}
