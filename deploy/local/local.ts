// What `npm start` and `npm stop` do once everything is installed and built: bring a one-machine cluster up
// and show it at work; take it down and leave nothing behind.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import path from 'node:path'
import { leases } from '../../api/kinds/coordination-v1/lease.ts'
import { nodes } from '../../api/kinds/core-v1/node.ts'
import { pods } from '../../api/kinds/core-v1/pod.ts'
import { GrpcClient } from '../../client/grpc.ts'
import { loadKubeconfig } from '../../client/kubeconfig.ts'
import { RuntimeClient } from '../../client/runtime.ts'
import { sleep } from '../../lib/abort.ts'
import { packageRoot } from '../../lib/package-root.ts'
import { removeTree } from '../../lib/remove-tree.ts'
import { demoImage, demoImageArchive } from './demo-image.ts'
import {
  adminKubeconfig,
  createLayout,
  type Layout,
  type LayoutOptions,
  programs,
  runtimeArgs,
  runtimeSocket,
  supervisorRecord,
} from './layout.ts'
import { endProcess } from './process-identity.ts'
import { bold, dim, Refusal, step } from './progress.mjs'
import { liveRecord, type SupervisorConfig } from './supervisor-record.ts'

const root = packageRoot()
const dist = path.join(root, 'dist')
/** How long the machine may take for a step; slow disks are slow, not broken. */
const patienceMs = 60_000

export interface UpOptions extends LayoutOptions {
  readonly demo: boolean
}

export async function up(options: UpOptions): Promise<void> {
  const layout = createLayout(options)
  const running = liveRecord(supervisorRecord(layout))
  if (running !== undefined) checkSameStore(Object.keys(running.programs), layout)
  await step(running ? 'the cluster is running' : 'starting the cluster', async () => {
    const startedAtMs = running === undefined ? Date.now() : 0
    if (running === undefined) startSupervisor(layout)
    await nodeReady(layout, startedAtMs)
    return `node ${layout.nodeName} is Ready`
  })
  if (!options.demo) return
  using runtime = new RuntimeClient({ socketPath: runtimeSocket(layout) })
  const { image } = await runtime.imageStatus({ image: { image: demoImage } })
  if (!image) {
    await step('making the demo image from busybox', async () => {
      await runtime.importImage(
        (async function* () {
          yield await demoImageArchive()
        })(),
      )
      return demoImage
    })
  }
  const kubeconfig = adminKubeconfig(layout)
  const client = new GrpcClient(loadKubeconfig(kubeconfig))
  try {
    const manifest = path.join(root, 'manifests', 'hello.yaml')
    await step('applying manifests/hello.yaml', () =>
      tsctl(['--kubeconfig', kubeconfig, 'apply', '-f', manifest]).trim(),
    )
    const address: string = await step('waiting for pod hello to be Running', say => podRunning(client, say))
    process.stdout.write(`\n${tsctl(['--kubeconfig', kubeconfig, 'get', 'pods', '-o', 'wide'])}\n`)
    const answer = await step(`asking ${address}`, async () => ({ page: await ask(address) }))
    process.stdout.write(`\n${answer.page.replace(/^/gm, '    ').trimEnd()}\n\n`)
  } finally {
    client.close()
  }
  process.stdout.write(nextSteps(kubeconfig))
}

function checkSameStore(names: readonly string[], layout: Layout): void {
  const store = names.includes('etcd') ? 'etcd' : 'embedded'
  if (store !== layout.store) {
    throw new Refusal(
      `A cluster on the ${store} store is running; stop it first with \`npm stop\`, then start one on ${layout.store}.`,
    )
  }
}

/** In a session of its own, so that it outlives this command and its terminal. */
function startSupervisor(layout: Layout): void {
  mkdirSync(layout.logs, { recursive: true })
  const config: SupervisorConfig = {
    record: supervisorRecord(layout),
    logs: layout.logs,
    programs: programs(layout, dist),
  }
  const log = openSync(path.join(layout.logs, 'supervisor.log'), 'a')
  const child = spawn(process.execPath, [path.join(dist, 'supervisor.js'), JSON.stringify(config)], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
  })
  child.unref()
}

/**
 * Waits until the node says Ready; says why when a program can't start.
 * @param sinceMs what it said before, in an earlier life of the cluster, does not count
 */
async function nodeReady(layout: Layout, sinceMs: number): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!existsSync(adminKubeconfig(layout))) await pause(layout, deadline)
  const client = new GrpcClient(loadKubeconfig(adminKubeconfig(layout)))
  try {
    for (;;) {
      try {
        const { status } = await client.get(nodes, { name: layout.nodeName })
        const lease = await client.get(leases, { namespace: 'kube-node-lease', name: layout.nodeName })
        const alive = Date.parse(lease.spec.renewTime ?? '') >= sinceMs
        if (alive && status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')) return
      } catch {
        // Not listening yet, or the node has not registered itself yet.
      }
      await pause(layout, deadline)
    }
  } finally {
    client.close()
  }
}

/** A moment's rest in a wait for the cluster. @throws Refusal when a program keeps failing, or time is up */
async function pause(layout: Layout, deadline: number): Promise<void> {
  await sleep(25)
  const record = liveRecord(supervisorRecord(layout))
  for (const [name, { restarts, lastExit }] of Object.entries(record?.programs ?? {})) {
    if (restarts >= 3)
      throw new Refusal(`${name} can't start (${lastExit ?? 'it ends at once'}): ${lastWords(layout, name)}`)
  }
  if (performance.now() > deadline) {
    throw new Refusal(`The cluster is not up after ${patienceMs / 1000} s; its logs are in ${layout.logs}.`)
  }
}

function lastWords(layout: Layout, name: string): string {
  const file = path.join(layout.logs, `${name}.log`)
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  return `\n${lines.slice(-3).join('\n')}\nThe whole log is ${file}; \`npm stop\` ends what runs.`
}

/** @returns the address of its page */
async function podRunning(client: GrpcClient, say: (detail: string) => void): Promise<string> {
  const done = new AbortController()
  const signal = AbortSignal.any([done.signal, AbortSignal.timeout(patienceMs)])
  try {
    const events = client.watch(pods, { namespace: 'default', fieldSelector: 'metadata.name=hello', signal })
    for await (const event of events) {
      if (event.type === 'BOOKMARK' || event.type === 'DELETED') continue
      const { status } = event.object
      const waiting = status.containerStatuses?.find(({ state }) => state.waiting)
      say([status.phase, waiting?.state.waiting?.reason].filter(Boolean).join(', '))
      if (status.phase === 'Running' && status.podIP !== undefined && !waiting) return `http://${status.podIP}:8080/`
    }
  } finally {
    done.abort()
  }
  throw new Refusal('Pod hello is not Running; `dist/tsctl.js describe pod hello` tells why.')
}

/** The pod's page; its second container may need a moment to write it. */
async function ask(address: string): Promise<string> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const answer = await fetchText(address).catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    )
    if (typeof answer === 'string') return answer
    if (performance.now() > deadline) throw new Refusal(`${address} does not answer: ${answer.message}`)
    await sleep(50)
  }
}

function fetchText(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(address, { signal: AbortSignal.timeout(2000) }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`HTTP ${response.statusCode ?? 0}`)),
      )
    }).on('error', reject)
  })
}

/** @returns what the command printed */
function tsctl(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(dist, 'tsctl.js'), ...args], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Refusal(`tsctl ${args.join(' ')}: ${stderr.trim()}`)
  return stdout
}

function nextSteps(kubeconfig: string): string {
  const command = path.join(dist, 'tsctl.js')
  return `${bold('What to type next')}
  alias tsctl='node ${command}'
  tsctl get pods -w                          ${dim('# watch')}
  tsctl logs hello -c visitor                ${dim('# what a container wrote')}
  tsctl exec -it hello -c web -- sh          ${dim('# a shell inside')}
  tsctl apply -f manifests/pod.yaml          ${dim('# another pod')}
  kubectl --kubeconfig ${kubeconfig} get pods
  npm stop                                   ${dim('# stop everything; -- --wipe forgets the data too')}
`
}

export interface DownOptions extends LayoutOptions {
  readonly wipe: boolean
}

export async function down(options: DownOptions): Promise<void> {
  const layout = createLayout(options)
  const record = liveRecord(supervisorRecord(layout))
  await step(record ? 'stopping the cluster' : 'no cluster is running', async () => {
    if (record !== undefined) await endProcess(record, patienceMs)
    // Containers outlive the programs that made them; this ends them and takes their networks away.
    const purge = spawnSync(process.execPath, [path.join(dist, 'runtime.js'), '--cleanup', ...runtimeArgs(layout)], {
      encoding: 'utf8',
    })
    if (purge.status !== 0) throw new Refusal(`Not everything could be removed: ${purge.stderr.trim()}`)
    for (const mount of mountsBelow(layout.state, layout.run)) spawnSync('umount', ['--lazy', mount])
    rmSync(layout.run, { recursive: true, force: true })
    rmSync(path.join(layout.logs, 'pods'), { recursive: true, force: true })
  })
  if (options.wipe) {
    await step('deleting its data', async () => {
      for (const folder of [layout.state, layout.logs]) await removeTree(folder)
      return layout.state
    })
  } else if (record) {
    process.stdout.write(`Its data stays in ${layout.state}; \`npm stop -- --wipe\` deletes it.\n`)
  }
}

/** Where something is mounted for the cluster (volumes of pods that live in memory), the latest first. */
function mountsBelow(...folders: readonly string[]): string[] {
  const points = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[1] ?? '')
  return points.filter(point => folders.some(folder => point.startsWith(`${folder}/`))).reverse()
}
