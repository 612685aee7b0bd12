// For tests: pods, and a runtime that exists in memory.
import { createHash } from 'node:crypto'
import type { Container } from '../../api/kinds/core-v1/container.ts'
import type { Node, NodeSpec } from '../../api/kinds/core-v1/node.ts'
import type { PodSpec } from '../../api/kinds/core-v1/pod.ts'
import type { PodStatus } from '../../api/kinds/core-v1/pod-status.ts'
import { RuntimeError } from '../../client/runtime.ts'
import { type Clock, systemClock } from '../../lib/clock.ts'
import {
  type ContainerEventResponse,
  ContainerEventType,
  ContainerState,
  type ContainerStatus,
  type CreateContainerRequest,
  type Container as CriContainer,
  type ExecSyncRequest,
  type PodSandboxConfig,
  PodSandboxState,
  type PodSandboxStatus,
  type StopContainerRequest,
} from '../../proto/gen/cri.ts'
import { readMachine } from '../node/machine.ts'
import { newNode } from '../node/node-object.ts'
import type { NodeAbilities } from './admission/admission.ts'
import type { NodeSource } from './admission/admissions.ts'
import { sysctlAllowlist } from './admission/sysctls.ts'
import type { ResourceHost } from './configuration/resources.ts'
import type { Pod } from './planning/situation.ts'
import type { Runtime } from './steps/context.ts'

export const container = (name: string, more: Partial<Container> = {}): Container => ({
  name,
  image: 'demo:1',
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  ...more,
})

export const makePod = (
  spec: Partial<PodSpec> = {},
  metadata: Partial<Pod['metadata']> = {},
  status: PodStatus = {},
): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web',
    namespace: 'default',
    uid: 'uid-1',
    resourceVersion: '1',
    creationTimestamp: '2026-01-31T12:00:00Z',
    ...metadata,
  },
  spec: { containers: [container('main')], restartPolicy: 'Always', ...spec },
  status,
})

/** A Node that the API knows, and what it may hold. */
export const makeNode = (labels: Record<string, string> = {}, spec: NodeSpec = {}): Node => ({
  ...newNode({
    name: 'n1',
    addresses: [],
    mostPods: 110,
    podCidr: undefined,
    labels,
    machine: readMachine(),
    runtime: undefined,
  }),
  spec,
})

/** A machine with cgroup v1, and without huge pages or swap. */
export const host: ResourceHost = { memoryBytes: 1e9, hugePageBytes: [], unified: false, swapControl: false }

/** A node that allows what every node does. */
export const abilities: NodeAbilities = {
  sysctls: sysctlAllowlist([], '6.1.0'),
  appArmorTrouble: 'AppArmor is not enabled on the host',
  strictGroups: true,
}

export const nodeSource = (node: Node = makeNode()): NodeSource => ({
  known: Promise.resolve(),
  current: () => node,
  fetch: () => Promise.resolve(node),
})

interface FakeContainer {
  readonly sandboxId: string
  readonly status: ContainerStatus
}

export interface FakeRuntimeOptions {
  /** Called before each call; may throw or wait. */
  readonly before?: (call: string, request: unknown) => Promise<void> | void
  readonly images?: readonly string[]
  readonly exec?: (request: ExecSyncRequest) => { exitCode: number; stdout?: string }
  readonly clock?: Clock
}

/** Keeps CRI's contract as far as pods rely on it. */
export class FakeRuntime implements Runtime {
  readonly calls: string[] = []
  /** Every stopContainer. */
  readonly stops: StopContainerRequest[] = []
  readonly sandboxes = new Map<string, PodSandboxStatus>()
  readonly containers = new Map<string, FakeContainer>()
  readonly configs = new Map<string, CreateContainerRequest>()
  readonly images: Set<string>
  /** What containers have written outside volumes, by name. */
  readonly writtenBytes = new Map<string, number>()
  readonly #options: FakeRuntimeOptions
  readonly #subscribers = new Set<(event: ContainerEventResponse | undefined) => void>()
  #count = 0

  constructor(options: FakeRuntimeOptions = {}) {
    this.#options = options
    this.images = new Set(options.images ?? ['demo:1'])
  }

  /** A container ends by itself. */
  exit(name: string, exitCode = 0, reason = ''): void {
    for (const { status } of this.containers.values()) {
      if (status.metadata?.name === name && status.state === ContainerState.CONTAINER_RUNNING) {
        this.#end(status, exitCode, reason)
      }
    }
  }

  /** The runtime goes away and comes back; what it holds stays. */
  disconnect(): void {
    for (const tell of this.#subscribers) tell(undefined)
  }

  /** Sandboxes die with everything in them, as when a machine was restarted. */
  reboot(): void {
    for (const sandbox of this.sandboxes.values()) sandbox.state = PodSandboxState.SANDBOX_NOTREADY
    for (const { status } of this.containers.values()) {
      if (status.state === ContainerState.CONTAINER_RUNNING) this.#end(status, 255, 'Unknown')
    }
  }

  running(): string[] {
    return [...this.containers.values()].flatMap(({ status }) =>
      status.state === ContainerState.CONTAINER_RUNNING ? [status.metadata?.name ?? ''] : [],
    )
  }

  async runPodSandbox({ config = {} }: { config?: PodSandboxConfig | undefined }) {
    await this.#enter('runPodSandbox', config)
    const id = this.#id('sandbox')
    this.sandboxes.set(id, {
      id,
      metadata: config.metadata,
      labels: config.labels,
      annotations: config.annotations,
      state: PodSandboxState.SANDBOX_READY,
      createdAt: this.#now(),
      network: { ip: `10.244.0.${this.#count}` },
    })
    return { podSandboxId: id }
  }

  async stopPodSandbox({ podSandboxId = '' }) {
    await this.#enter('stopPodSandbox', podSandboxId)
    const sandbox = this.sandboxes.get(podSandboxId)
    if (sandbox) sandbox.state = PodSandboxState.SANDBOX_NOTREADY
    for (const { sandboxId, status } of this.containers.values()) {
      if (sandboxId === podSandboxId && status.state === ContainerState.CONTAINER_RUNNING)
        this.#end(status, 137, 'Error')
    }
    return {}
  }

  async removePodSandbox({ podSandboxId = '' }) {
    await this.#enter('removePodSandbox', podSandboxId)
    for (const [id, { sandboxId }] of this.containers) if (sandboxId === podSandboxId) this.containers.delete(id)
    this.sandboxes.delete(podSandboxId)
    return {}
  }

  async podSandboxStatus({ podSandboxId = '' }) {
    await this.#enter('podSandboxStatus', podSandboxId)
    return { status: { ...this.#sandbox(podSandboxId) } }
  }

  async listPodSandbox() {
    await this.#enter('listPodSandbox', {})
    return { items: [...this.sandboxes.values()].map(({ network: _, ...item }) => item) }
  }

  async createContainer(request: CreateContainerRequest) {
    await this.#enter('createContainer', request)
    const { podSandboxId = '', config = {}, sandboxConfig } = request
    this.#sandbox(podSandboxId)
    const id = this.#id('container')
    this.configs.set(id, request)
    this.containers.set(id, {
      sandboxId: podSandboxId,
      status: {
        id,
        metadata: config.metadata,
        labels: config.labels,
        annotations: config.annotations,
        image: config.image,
        imageRef: 'sha256:demo',
        logPath: `${sandboxConfig?.logDirectory ?? ''}/${config.logPath ?? ''}`,
        state: ContainerState.CONTAINER_CREATED,
        createdAt: this.#now(),
      },
    })
    return { containerId: id }
  }

  async startContainer({ containerId = '' }) {
    await this.#enter('startContainer', containerId)
    const { status } = this.#container(containerId)
    status.state = ContainerState.CONTAINER_RUNNING
    status.startedAt = this.#now()
    this.#tell(containerId, ContainerEventType.CONTAINER_STARTED_EVENT)
    return {}
  }

  async stopContainer(request: StopContainerRequest) {
    const { containerId = '' } = request
    this.stops.push(request)
    await this.#enter('stopContainer', request)
    const { status } = this.#container(containerId)
    if (status.state === ContainerState.CONTAINER_RUNNING) this.#end(status, 143, 'Error')
    return {}
  }

  async removeContainer({ containerId = '' }) {
    await this.#enter('removeContainer', containerId)
    this.containers.delete(containerId)
    return {}
  }

  async containerStatus({ containerId = '' }) {
    await this.#enter('containerStatus', containerId)
    return { status: { ...this.#container(containerId).status } }
  }

  async listContainers() {
    await this.#enter('listContainers', {})
    const containers = [...this.containers.values()].map(
      ({ sandboxId, status: { id, metadata, labels, annotations, state, createdAt, image } }): CriContainer => ({
        id,
        podSandboxId: sandboxId,
        metadata,
        labels,
        annotations,
        state,
        createdAt,
        image,
      }),
    )
    return { containers }
  }

  async execSync(request: ExecSyncRequest) {
    await this.#enter('execSync', request)
    const { exitCode, stdout = '' } = this.#options.exec?.(request) ?? { exitCode: 0 }
    return { exitCode, stdout: Buffer.from(stdout), stderr: Buffer.alloc(0) }
  }

  async containerStats({ containerId = '' }) {
    await this.#enter('containerStats', containerId)
    const { status } = this.#container(containerId)
    return {
      stats: { writableLayer: { usedBytes: { value: this.writtenBytes.get(status.metadata?.name ?? '') ?? 0 } } },
    }
  }

  async imageStatus({ image }: { image?: { image?: string | undefined } | undefined }) {
    await this.#enter('imageStatus', image)
    const name = image?.image ?? ''
    return this.images.has(name) ? { image: { id: `sha256:${name}`, repoTags: [name], size: 1 } } : {}
  }

  async pullImage({ image }: { image?: { image?: string | undefined } | undefined }) {
    await this.#enter('pullImage', image)
    this.images.add(image?.image ?? '')
    return { imageRef: image?.image ?? '' }
  }

  async containerEvents(signal: AbortSignal): Promise<AsyncIterable<ContainerEventResponse>> {
    await this.#enter('containerEvents', {})
    const queue: (ContainerEventResponse | undefined)[] = []
    let wake = (): void => {}
    const tell = (event: ContainerEventResponse | undefined): void => {
      queue.push(event)
      wake()
    }
    this.#subscribers.add(tell)
    signal.addEventListener('abort', () => wake(), { once: true })
    const subscribers = this.#subscribers
    return (async function* () {
      try {
        const stopped = (): boolean => signal.aborted
        while (!stopped()) {
          if (queue.length === 0) await new Promise<void>(resolve => (wake = resolve))
          if (stopped() || queue.length === 0) continue
          const event = queue.shift()
          if (event === undefined) throw new RuntimeError('UNAVAILABLE', 'the runtime went away')
          yield event
        }
      } finally {
        subscribers.delete(tell)
      }
    })()
  }

  async #enter(call: string, request: unknown): Promise<void> {
    this.calls.push(call)
    await this.#options.before?.(call, request)
    await Promise.resolve()
  }

  #end(status: ContainerStatus, exitCode: number, reason: string): void {
    Object.assign(status, { state: ContainerState.CONTAINER_EXITED, exitCode, reason, finishedAt: this.#now() })
    this.#tell(status.id ?? '', ContainerEventType.CONTAINER_STOPPED_EVENT)
  }

  #tell(containerId: string, containerEventType: ContainerEventType): void {
    const { sandboxId, status } = this.#container(containerId)
    const event = {
      containerId,
      containerEventType,
      podSandboxStatus: { ...this.#sandbox(sandboxId) },
      containersStatuses: [{ ...status }],
    }
    for (const tell of this.#subscribers) tell(event)
  }

  #sandbox(id: string): PodSandboxStatus {
    const found = this.sandboxes.get(id)
    if (!found) throw new RuntimeError('NOT_FOUND', `no sandbox ${id}`)
    return found
  }

  #container(id: string): FakeContainer {
    const found = this.containers.get(id)
    if (!found) throw new RuntimeError('NOT_FOUND', `no container ${id}`)
    return found
  }

  #id(kind: string): string {
    return createHash('sha256')
      .update(`${kind}${++this.#count}`)
      .digest('hex')
  }

  #now(): number {
    return (this.#options.clock ?? systemClock).now() * 1e6
  }
}

/** Time that runs so many times as fast. */
export function fastClock(factor: number): Clock {
  const start = Date.now()
  return {
    now: () => Math.floor(start + (performance.timeOrigin + performance.now() - start) * factor),
    after(ms, callback) {
      const timer = setTimeout(callback, ms / factor)
      return () => clearTimeout(timer)
    },
  }
}

/** Repeats an assertion until it holds. */
export async function eventually(assertion: () => Promise<void> | void, withinMs = 5_000): Promise<void> {
  const deadline = Date.now() + withinMs
  for (;;) {
    try {
      await assertion()
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }
}
