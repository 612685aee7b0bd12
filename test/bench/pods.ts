// How long a pod takes on a running cluster: created by API until seen Running on a watch, one after another
// and fifty at once; with `podman play kube` of the same pod beside it.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Pod, pods } from '../../api/kinds/core-v1/pod.ts'
import { GrpcClient } from '../../client/grpc.ts'
import { loadKubeconfig } from '../../client/kubeconfig.ts'
import { type Cluster, importDemoImage, leftovers, startCluster } from '../e2e/cluster.ts'
import { idle } from './idle.ts'
import { type Figure, median, milliseconds, spread } from './report.ts'

const sequential = 100
const burst = 50

export async function measurePods(): Promise<Figure[]> {
  const figures: Figure[] = []
  const podman = measurePodman()
  for (const store of ['embedded', 'etcd'] as const) {
    const started = performance.now()
    const cluster = await startCluster({ store })
    const startMs = performance.now() - started
    let name = ''
    try {
      await importDemoImage(cluster)
      name = cluster.name
      figures.push(...(await onCluster(cluster, store, podman)))
      if (store === 'embedded') {
        figures.push({
          what: '`npm start` on an installed machine, to the node Ready',
          ours: milliseconds(startMs),
          goal: '≤ 2 s',
        })
        figures.push(...(await idle(cluster)))
      }
    } finally {
      await cluster.stop()
    }
    figures.push({
      what: `left behind after all of it, ${store} store`,
      ours: leftovers(name).join(', ') || 'nothing',
      goal: 'nothing',
    })
  }
  return figures
}

async function onCluster(cluster: Cluster, store: string, podman: number[] | undefined): Promise<Figure[]> {
  const client = new GrpcClient(loadKubeconfig(cluster.kubeconfig))
  try {
    for (let i = 0; i < 5; i++) await oneByOne(client, `warm-${i}`)
    const samples: number[] = []
    for (let i = 0; i < sequential; i++) samples.push(await oneByOne(client, `one-${i}`))
    const many = await allAtOnce(client)
    return [
      {
        what: `pod created to Running, ${store} store`,
        ours: spread(samples),
        ...(podman && {
          peer: { name: 'podman play kube', value: spread(podman), ratio: median(samples) / median(podman) },
        }),
        goal: 'p50 ≤ 40 ms, p99 ≤ 150 ms; ≤ 0.1 of podman',
      },
      { what: `${burst} pods at once, all Running, ${store} store`, ours: milliseconds(many.runningMs) },
      { what: `${burst} pods deleted at once, all gone, ${store} store`, ours: milliseconds(many.goneMs) },
    ]
  } finally {
    client.close()
  }
}

/** @returns milliseconds from the call of create to the event that says Running */
async function oneByOne(client: GrpcClient, name: string): Promise<number> {
  const follow = new Follower(client)
  await follow.started
  const running = follow.until(name, 'Running')
  const begin = performance.now()
  await client.create(pods, pod(name))
  await running
  const took = performance.now() - begin
  const gone = follow.until(name, 'gone')
  await client.delete(pods, { namespace: 'default', name }, { gracePeriodSeconds: 0 })
  await gone
  follow.stop()
  // The API forgets such a pod at once; its node tidies up a moment longer, and its events are written.
  await delay(500)
  return took
}

async function allAtOnce(client: GrpcClient): Promise<{ runningMs: number; goneMs: number }> {
  const names = Array.from({ length: burst }, (_, index) => `many-${index}`)
  const follow = new Follower(client)
  await follow.started
  const running = Promise.all(names.map(name => follow.until(name, 'Running')))
  let begin = performance.now()
  await Promise.all(names.map(name => client.create(pods, pod(name))))
  await running
  const runningMs = performance.now() - begin
  const gone = Promise.all(names.map(name => follow.until(name, 'gone')))
  begin = performance.now()
  await Promise.all(names.map(name => client.delete(pods, { namespace: 'default', name })))
  await gone
  follow.stop()
  return { runningMs, goneMs: performance.now() - begin }
}

/** A watch on the namespace's pods that tells when one reaches a state. */
class Follower {
  readonly started: Promise<void>
  readonly #waiting = new Map<string, () => void>()
  readonly #abort = new AbortController()

  constructor(client: GrpcClient) {
    const { promise, resolve } = defer()
    this.started = promise
    void this.#follow(client, resolve)
  }

  until(name: string, state: 'Running' | 'gone'): Promise<void> {
    return new Promise(resolve => this.#waiting.set(`${name} ${state}`, resolve))
  }

  stop(): void {
    this.#abort.abort()
  }

  async #follow(client: GrpcClient, started: () => void): Promise<void> {
    const events = client.watch(pods, { namespace: 'default', bookmarks: true, signal: this.#abort.signal })
    for await (const event of events) {
      started()
      if (event.type === 'BOOKMARK') continue
      const { metadata, status } = event.object
      const state = event.type === 'DELETED' ? 'gone' : status.phase
      this.#waiting.get(`${metadata.name} ${state ?? ''}`)?.()
    }
  }
}

function defer(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve }
}

function pod(name: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'tessera/demo:1', command: ['/bin/sleep', '1000'], resources: {} }],
    },
    status: {},
  }
}

/** @returns milliseconds of each run; undefined where there is no podman */
function measurePodman(): number[] | undefined {
  if (spawnSync('podman', ['--version']).status !== 0) return undefined
  const folder = mkdtempSync(path.join(tmpdir(), 'tessera-bench-'))
  const limits = path.join(folder, 'containers.conf')
  // podman asks for the hard limits it believes in; a machine that has lower ones refuses.
  writeFileSync(
    limits,
    '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n[engine]\nruntime = "runc"\n',
  )
  const podman = (...args: string[]) =>
    spawnSync('podman', ['--root', `${folder}/root`, '--runroot', `${folder}/run`, ...args], {
      encoding: 'utf8',
      env: { ...process.env, CONTAINERS_CONF: limits },
    })
  try {
    const rootfs = path.join(folder, 'rootfs')
    spawnSync('sh', [
      '-c',
      `mkdir -p ${rootfs}/bin && cp /bin/busybox ${rootfs}/bin/ && ln -s busybox ${rootfs}/bin/sleep && tar -C ${rootfs} -cf ${folder}/rootfs.tar .`,
    ])
    const imported = podman('import', `${folder}/rootfs.tar`, 'docker.io/tessera/bench:1')
    if (imported.status !== 0) throw new Error(`podman import: ${imported.stderr}`)
    const manifest = path.join(folder, 'pod.yaml')
    writeFileSync(
      manifest,
      JSON.stringify({ ...pod('bench'), status: undefined }).replace('tessera/demo:1', 'docker.io/tessera/bench:1'),
    )
    const samples: number[] = []
    for (let i = 0; i < 10; i++) {
      const begin = performance.now()
      const { status, stderr } = podman('play', 'kube', manifest)
      if (status !== 0) throw new Error(`podman play kube: ${stderr}`)
      samples.push(performance.now() - begin)
      podman('play', 'kube', '--down', manifest)
    }
    return samples
  } finally {
    podman('rm', '-af')
    podman('rmi', '-af')
    rmSync(folder, { recursive: true, force: true })
  }
}
