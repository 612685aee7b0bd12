// Records as CRI's messages. Pure.
import {
  type Container,
  ContainerState,
  type ContainerStatus,
  type Image,
  type PodSandbox,
  PodSandboxState,
  type PodSandboxStatus,
} from '../../../proto/gen/cri.ts'
import type { ImageConfig } from '../images/image-config.ts'
import type { StoredImage } from '../images/store-index.ts'
import type { ContainerRecord, SandboxRecord } from '../records/records.ts'
import { criSignal } from './signals.ts'

/** CRI's clock: nanoseconds since 1970. */
export function nanoseconds(ms: number | undefined): number {
  return Math.round((ms ?? 0) * 1e6)
}

export function sandboxState(record: SandboxRecord): PodSandboxState {
  return record.state && !record.notReady ? PodSandboxState.SANDBOX_READY : PodSandboxState.SANDBOX_NOTREADY
}

export function containerState(record: ContainerRecord): ContainerState {
  if (record.exit) return ContainerState.CONTAINER_EXITED
  return record.start ? ContainerState.CONTAINER_RUNNING : ContainerState.CONTAINER_CREATED
}

export function podSandbox(record: SandboxRecord): PodSandbox {
  const { id, config, createdAtMs, runtimeHandler } = record
  return {
    id,
    metadata: config.metadata,
    state: sandboxState(record),
    createdAt: nanoseconds(createdAtMs),
    labels: config.labels,
    annotations: config.annotations,
    runtimeHandler,
  }
}

export function podSandboxStatus(record: SandboxRecord): PodSandboxStatus {
  const [ip, ...additional] = record.state?.addresses ?? []
  const options = record.config.linux?.securityContext?.namespaceOptions
  return {
    ...podSandbox(record),
    network: { ip: ip ?? '', additionalIps: additional.map(address => ({ ip: address })) },
    linux: { namespaces: { options: options ?? {} } },
  }
}

export function container(record: ContainerRecord): Container {
  const { id, sandboxId, config, createdAtMs, imageId, imageRef } = record
  return {
    id,
    podSandboxId: sandboxId,
    metadata: config.metadata,
    image: config.image,
    imageRef,
    imageId,
    state: containerState(record),
    createdAt: nanoseconds(createdAtMs),
    labels: config.labels,
    annotations: config.annotations,
  }
}

/** @param image the container's, unless it was removed meanwhile */
export function containerStatus(record: ContainerRecord, image: StoredImage | undefined): ContainerStatus {
  const { config, start, exit, imageId, imageRef } = record
  const user = start?.user
  return {
    id: record.id,
    metadata: config.metadata,
    state: containerState(record),
    createdAt: nanoseconds(record.createdAtMs),
    startedAt: nanoseconds(start?.startedAtMs),
    finishedAt: nanoseconds(exit?.finishedAtMs),
    exitCode: exit?.exitCode ?? 0,
    image: { ...config.image, image: nameOf(config.image?.image ?? '', image) },
    imageRef,
    imageId,
    reason: exit?.reason ?? '',
    message: exit?.message ?? '',
    labels: config.labels,
    annotations: config.annotations,
    mounts: config.mounts,
    logPath: record.logPath ?? '',
    resources: { linux: config.linux?.resources },
    ...(user && {
      user: { linux: { uid: user.uid, gid: user.gid, supplementalGroups: [...user.supplementaryGroups] } },
    }),
    stopSignal: criSignal(record.stopSignal),
  }
}

/** The kubelet asks for an image by its ID, and shows people the name it finds in the status, as containerd gives it. */
function nameOf(asked: string, image: StoredImage | undefined): string {
  const byId = /^(sha256:)?[0-9a-f]{12,64}$/.test(asked)
  return (byId ? image?.references[0] : undefined) ?? asked
}

export function image(stored: StoredImage, config: ImageConfig): Image {
  const name = config.user.split(':')[0] ?? ''
  const numeric = /^[0-9]+$/.test(name)
  return {
    id: stored.id,
    repoTags: [...stored.references],
    repoDigests: [...stored.repoDigests],
    // CRI wants more than 0, and the files of an image may all be empty.
    size: Math.max(1, stored.sizeBytes),
    ...(numeric ? { uid: { value: Number(name) } } : { username: name }),
    spec: { image: stored.id },
  }
}
