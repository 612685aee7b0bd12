// What a cluster costs while nothing happens: memory of each process, processor time of all of them.
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { pods } from '../../api/kinds/core-v1/pod.ts'
import { GrpcClient } from '../../client/grpc.ts'
import { loadKubeconfig } from '../../client/kubeconfig.ts'
import { type Cluster, eventually } from '../e2e/cluster.ts'
import type { Figure } from './report.ts'

const idleSeconds = 60
const ticksPerSecond = 100

export async function idle(cluster: Cluster): Promise<Figure[]> {
  const client = new GrpcClient(loadKubeconfig(cluster.kubeconfig))
  try {
    const names = Array.from({ length: 10 }, (_, index) => `idle-${index}`)
    for (const name of names) await cluster.ok(['apply', '-f', '-'], manifest(name))
    await eventually(async () => {
      const { items } = await client.list(pods, { namespace: 'default' })
      if (items.filter(({ status }) => status.phase === 'Running').length < names.length) throw new Error('not yet')
    })
  } finally {
    client.close()
  }
  await delay(5000)
  const processes = processesOf(cluster.name)
  const before = processes.map(({ pid }) => cpuTicks(pid))
  await delay(idleSeconds * 1000)
  const used = processes.map(({ pid }, index) => cpuTicks(pid) - (before[index] ?? 0))
  const percent = (ticks: number): string => `${((ticks / ticksPerSecond / idleSeconds) * 100).toFixed(2)} %`
  return [
    ...processes.map(({ pid, program }, index) => ({
      what: `${program}, idle with 10 pods`,
      ours: `${megabytes(pid, 'VmRSS')} resident (${megabytes(pid, 'RssAnon')} its own), ${percent(used[index] ?? 0)} of a core`,
    })),
    {
      what: 'the whole cluster, processor over 60 s idle with 10 pods',
      ours: percent(used.reduce((sum, ticks) => sum + ticks, 0)),
      goal: '≤ 1 % of a core',
    },
  ]
}

/** Node processes whose command line names the cluster. */
function processesOf(name: string): { pid: number; program: string }[] {
  return readdirSync('/proc')
    .filter(entry => /^\d+$/.test(entry))
    .flatMap(pid => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
        const program = command.map(word => /dist\/([a-z-]+)\.js$/.exec(word)?.[1]).find(found => found !== undefined)
        const ours = command.some(word => word.includes(`/${name}/`))
        return ours && program !== undefined ? [{ pid: Number(pid), program }] : []
      } catch {
        return [] // It ended meanwhile.
      }
    })
}

/** User and system time in clock ticks (proc(5), stat fields 14 and 15). */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

function megabytes(pid: number, field: string): string {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kilobytes = Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
  return `${Math.round(kilobytes / 1024)} MB`
}

function manifest(name: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'tessera/demo:1', command: ['sleep', '2147483647'] }],
    },
  })
}
