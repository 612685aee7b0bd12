// What the runtime holds for one pod, in the agent's words. CRI's labels and annotations carry what a restarted
// agent must know again, so nothing here needs a file of its own.
import type {
  Container as CriContainer,
  ContainerStatus as CriContainerStatus,
  PodSandbox as CriSandbox,
  PodSandboxStatus as CriSandboxStatus,
} from '../../../proto/gen/cri.ts'
import { ContainerState as CriContainerState, PodSandboxState } from '../../../proto/gen/cri.ts'

/** Labels and annotations on sandboxes and containers: Kubernetes' names where it has one. */
export const labels = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  containerName: 'io.kubernetes.container.name',
} as const

export const annotations = {
  /** What of the container's spec makes it another container when changed. */
  hash: 'io.kubernetes.container.hash',
  terminationMessagePolicy: 'io.kubernetes.container.terminationMessagePolicy',
  /** Milliseconds to wait, after this container has ended, before the next one starts. */
  backoff: 'tessera.dev/restart-backoff-ms',
} as const

type ContainerState = 'created' | 'running' | 'exited' | 'unknown'

export interface ObservedContainer {
  readonly id: string
  readonly sandboxId: string
  readonly name: string
  /** Counts from 0; the restart count of the API. */
  readonly attempt: number
  readonly state: ContainerState
  readonly createdAtMs: number
  /** 0: never started. */
  readonly startedAtMs: number
  /** 0: still running. */
  readonly finishedAtMs: number
  readonly exitCode: number
  /** The runtime's: Completed, Error, OOMKilled, ContainerCannotRun … */
  readonly reason: string
  /** The runtime's message, or the container's own termination message. */
  readonly message: string
  readonly image: string
  readonly imageId: string
  readonly logPath: string
  readonly hash: string
  readonly backoffMs: number
  readonly terminationMessagePolicy: string
}

export interface ObservedSandbox {
  readonly id: string
  readonly attempt: number
  readonly ready: boolean
  readonly createdAtMs: number
  readonly ips: readonly string[]
}

/** Both lists newest first. */
export interface PodObservation {
  readonly sandboxes: readonly ObservedSandbox[]
  readonly containers: readonly ObservedContainer[]
}

/** Who a sandbox or container belongs to. */
export interface PodIdentity {
  readonly uid: string
  readonly namespace: string
  readonly name: string
}

export const nothingObserved: PodObservation = { sandboxes: [], containers: [] }

export function identityOf(labelled: {
  readonly labels?: Record<string, string> | undefined
}): PodIdentity | undefined {
  const uid = labelled.labels?.[labels.podUid]
  if (uid === undefined) return undefined
  return { uid, namespace: labelled.labels?.[labels.podNamespace] ?? '', name: labelled.labels?.[labels.podName] ?? '' }
}

/** A container from CRI's status, which is complete, or from a list's entry, which lacks how it went. */
export function observedContainer(
  source: CriContainerStatus & Pick<CriContainer, 'podSandboxId'>,
  sandboxId = source.podSandboxId ?? '',
): ObservedContainer {
  const notes = source.annotations ?? {}
  return {
    id: source.id ?? '',
    sandboxId,
    name: source.metadata?.name ?? source.labels?.[labels.containerName] ?? '',
    attempt: source.metadata?.attempt ?? 0,
    state: containerState(source.state),
    createdAtMs: milliseconds(source.createdAt),
    startedAtMs: milliseconds(source.startedAt),
    finishedAtMs: milliseconds(source.finishedAt),
    exitCode: source.exitCode ?? 0,
    reason: source.reason ?? '',
    message: source.message ?? '',
    image: source.image?.userSpecifiedImage || source.image?.image || '',
    imageId: source.imageRef || source.imageId || '',
    logPath: source.logPath ?? '',
    hash: notes[annotations.hash] ?? '',
    backoffMs: Number(notes[annotations.backoff] ?? 0),
    terminationMessagePolicy: notes[annotations.terminationMessagePolicy] ?? 'File',
  }
}

export function observedSandbox(source: CriSandbox & Pick<CriSandboxStatus, 'network'>): ObservedSandbox {
  const { network } = source
  return {
    id: source.id ?? '',
    attempt: source.metadata?.attempt ?? 0,
    ready: (source.state ?? PodSandboxState.SANDBOX_READY) === PodSandboxState.SANDBOX_READY,
    createdAtMs: milliseconds(source.createdAt),
    ips: [network?.ip ?? '', ...(network?.additionalIps ?? []).map(({ ip }) => ip ?? '')].filter(ip => ip !== ''),
  }
}

const rank: Record<ContainerState, number> = { created: 0, unknown: 1, running: 2, exited: 3 }

/**
 * Adds what was learned of one container. Containers only ever move forward, so of two reports the later state wins,
 * in whatever order they arrive.
 */
export function withContainer(pod: PodObservation, container: ObservedContainer): PodObservation {
  const known = pod.containers.find(({ id }) => id === container.id)
  if (known && rank[known.state] > rank[container.state]) return pod
  const others = pod.containers.filter(({ id }) => id !== container.id)
  return { ...pod, containers: [container, ...others].sort(newestFirst) }
}

/** Adds what was learned of one sandbox: it never becomes ready again, and keeps the addresses once known. */
export function withSandbox(pod: PodObservation, sandbox: ObservedSandbox): PodObservation {
  const known = pod.sandboxes.find(({ id }) => id === sandbox.id)
  const merged = known
    ? { ...sandbox, ready: sandbox.ready && known.ready, ips: sandbox.ips.length > 0 ? sandbox.ips : known.ips }
    : sandbox
  return { ...pod, sandboxes: [merged, ...pod.sandboxes.filter(({ id }) => id !== sandbox.id)].sort(newestFirst) }
}

/** Forgets a removed sandbox or container. */
export function without(pod: PodObservation, id: string): PodObservation {
  return {
    sandboxes: pod.sandboxes.filter(sandbox => sandbox.id !== id),
    containers: pod.containers.filter(container => container.id !== id),
  }
}

/** The newest container of a name, in a sandbox or in any. */
export function newest(pod: PodObservation, name: string, sandboxId?: string): ObservedContainer | undefined {
  return pod.containers.find(
    container => container.name === name && (sandboxId === undefined || container.sandboxId === sandboxId),
  )
}

/**
 * The sandbox the pod lives in: one whose containers run before any other, else the newest. There may be two for a
 * moment, when an agent was killed while it had one made.
 */
export function currentSandbox({ sandboxes, containers }: PodObservation): ObservedSandbox | undefined {
  const inhabited = sandboxes.find(
    ({ id, ready }) => ready && containers.some(({ sandboxId, state }) => sandboxId === id && state === 'running'),
  )
  return inhabited ?? sandboxes.find(({ ready }) => ready) ?? sandboxes[0]
}

const newestFirst = (
  a: { readonly createdAtMs: number; readonly attempt: number },
  b: { readonly createdAtMs: number; readonly attempt: number },
): number => b.attempt - a.attempt || b.createdAtMs - a.createdAtMs

function containerState(state: CriContainerState | undefined): ContainerState {
  switch (state) {
    case CriContainerState.CONTAINER_RUNNING:
      return 'running'
    case CriContainerState.CONTAINER_EXITED:
      return 'exited'
    case CriContainerState.CONTAINER_UNKNOWN:
      return 'unknown'
    case CriContainerState.CONTAINER_CREATED:
    case undefined:
      return 'created'
  }
}

/** CRI counts nanoseconds. */
const milliseconds = (nanoseconds: number | undefined): number => Math.floor((nanoseconds ?? 0) / 1e6)
