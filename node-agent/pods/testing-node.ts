// For tests: a node whose API and runtime are in memory, with agents that come and go.
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { type Pod as PodKind, type PodSpec, pods } from '../../api/kinds/core-v1/pod.ts'
import type { EventRecorder } from '../../client/events.ts'
import { FakeClient, type FakeOptions } from '../../client/fake.ts'
import type { Clock } from '../../lib/clock.ts'
import { silentLogger } from '../../lib/logger.ts'
import type { NodeSource } from './admission/admissions.ts'
import { NodePods } from './node-pods.ts'
import type { Pod } from './planning/situation.ts'
import type { StaticPods } from './static/static-pods.ts'
import type { NodeSettings } from './steps/context.ts'
import { abilities, container, FakeRuntime, fastClock, host, nodeSource } from './testing.ts'

interface HarnessOptions {
  readonly runtime?: ConstructorParameters<typeof FakeRuntime>[0]
  readonly client?: FakeOptions
  /** How many times as fast time goes. */
  readonly speed?: number
  readonly node?: NodeSource
  readonly allocatable?: Readonly<Record<string, string>>
  readonly staticPods?: (client: FakeClient) => StaticPods
}

export interface Harness {
  readonly client: FakeClient
  readonly runtime: FakeRuntime
  readonly root: string
  readonly events: string[]
  readonly clock: Clock
  /** Starts an agent; answers how to kill it. */
  start(): () => Promise<void>
  apply(spec: Partial<PodSpec>, metadata?: Partial<PodKind['metadata']>): Promise<Pod>
  get(name?: string): Promise<Pod>
}

/** @param root a folder of the test's own */
export const testSettings = (
  root: string,
  allocatable: Readonly<Record<string, string>> = { cpu: '2', memory: '1Gi', pods: '110' },
): NodeSettings => ({
  nodeName: 'n1',
  root: path.join(root, 'node'),
  logRoot: path.join(root, 'logs'),
  cgroupRoot: 'tessera',
  seccompRoot: path.join(root, 'seccomp'),
  hiddenPaths: [],
  dns: { servers: [], domain: 'cluster.local' },
  host,
  podPidsLimit: 0,
  hostIps: () => ['192.0.2.1'],
  resolvConf: () => 'nameserver 192.0.2.53\n',
  allocatable: () => allocatable,
})

/** Agents are killed and what they left is removed when the test ends. */
export function harness(t: TestContext, options: HarnessOptions = {}): Harness {
  const root = mkdtempSync(path.join(os.tmpdir(), 'node-pods-'))
  const clock = fastClock(options.speed ?? 1)
  const runtime = new FakeRuntime({ clock, ...options.runtime })
  const client = new FakeClient({ clock, ...options.client })
  const events: string[] = []
  const recorder: EventRecorder = { record: (_, type, reason, message) => events.push(`${type} ${reason}: ${message}`) }
  const kills: (() => Promise<void>)[] = []
  t.after(async () => {
    for (const kill of kills) await kill()
    rmSync(root, { recursive: true, force: true })
  })
  return {
    client,
    runtime,
    root,
    events,
    clock,
    start() {
      const stop = new AbortController()
      const agent = new NodePods({
        client,
        runtime,
        events: recorder,
        settings: testSettings(root, options.allocatable),
        node: options.node ?? nodeSource(),
        abilities: () => abilities,
        staticPods: options.staticPods?.(client),
        log: silentLogger,
        onRuntimeConnect: () => Promise.resolve(),
        onRuntimeHealth: () => {},
        clock,
      })
      const running = agent.run(stop.signal)
      const kill = async (): Promise<void> => {
        stop.abort()
        await running
      }
      kills.push(kill)
      return kill
    },
    apply(spec, metadata = {}) {
      return client.create(pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web', namespace: 'default', ...metadata },
        spec: { nodeName: 'n1', restartPolicy: 'Always', containers: [container('main')], ...spec },
        status: { phase: 'Pending' },
      })
    },
    get: (name = 'web') => client.get(pods, { namespace: 'default', name }),
  }
}
