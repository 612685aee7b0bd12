// What the runtime holds for every pod, kept current: by its events, by the answers to this agent's own calls, and by
// a list of everything now and then, in case something was missed. Containers and sandboxes only move forward, so
// reports may come in any order; only their absence from a list has to be newer than what it contradicts.

import { isNotFound, type RuntimeClient } from '../../../client/runtime.ts'
import { sleep } from '../../../lib/abort.ts'
import { backoffMs } from '../../../lib/backoff.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { ContainerEventResponse, ContainerStatus, PodSandboxStatus } from '../../../proto/gen/cri.ts'
import { ContainerEventType } from '../../../proto/gen/cri.ts'
import {
  identityOf,
  nothingObserved,
  type ObservedContainer,
  observedContainer,
  observedSandbox,
  type PodIdentity,
  type PodObservation,
  withContainer,
  without,
  withSandbox,
} from './observation.ts'

/** A list of everything, whatever the events say. */
const relistMs = 300_000

export type RuntimeCalls = Pick<
  RuntimeClient,
  'containerEvents' | 'listPodSandbox' | 'listContainers' | 'podSandboxStatus' | 'containerStatus'
>

export interface RuntimeViewOptions {
  readonly runtime: RuntimeCalls
  readonly log: Logger
  /** The pod's observation changed. */
  readonly onChange: (uid: string) => void
  /** Tells a runtime that has just answered what it must know before it is asked for anything. */
  readonly onConnect: () => Promise<void>
  /** The runtime answers (again), or does not. */
  readonly onHealth: (error: Error | undefined) => void
  /** Completes what the runtime says of an ended container: its termination message. */
  readonly complete: (uid: string, container: ObservedContainer) => ObservedContainer
}

export class RuntimeView {
  readonly #options: RuntimeViewOptions
  readonly #pods = new Map<string, { identity: PodIdentity; observed: PodObservation }>()
  readonly #ownerOf = new Map<string, string>()
  /** Counts what was learned and forgotten, to know whether a list is older than that. */
  readonly #changes = new Map<string, number>()
  #resolveListed: () => void = () => {}
  /** Resolves when everything was listed once. */
  readonly listed: Promise<void> = new Promise(resolve => {
    this.#resolveListed = resolve
  })

  constructor(options: RuntimeViewOptions) {
    this.#options = options
  }

  observed(uid: string): PodObservation {
    return this.#pods.get(uid)?.observed ?? nothingObserved
  }

  /** Every pod of which the runtime holds something. */
  identities(): PodIdentity[] {
    return [...this.#pods.values()].map(({ identity }) => identity)
  }

  /** Which pod a sandbox or container belongs to. */
  ownerOf(id: string): string | undefined {
    return this.#ownerOf.get(id)
  }

  /** Keeps the view current until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const stopped = (): boolean => signal.aborted
    for (let failures = 0; !stopped(); ) {
      const connection = new AbortController()
      const until = AbortSignal.any([signal, connection.signal])
      try {
        // Events first, then the list: together they miss nothing.
        const events = await this.#options.runtime.containerEvents(until)
        await this.#options.onConnect()
        await this.relist()
        this.#options.onHealth(undefined)
        failures = 0
        const relisting = this.#relistNowAndThen(until, connection)
        for await (const event of events) await this.#take(event)
        connection.abort()
        await relisting
      } catch (error) {
        connection.abort()
        if (stopped()) return
        const failure = error instanceof Error ? error : new Error(String(error))
        if (failures === 0) this.#options.log.warn({ err: failure }, 'the runtime does not answer; trying again')
        this.#options.onHealth(failure)
        await sleep(backoffMs(failures++, { initialMs: 50, maxMs: 2_000, jitter: 0.2 }), signal)
      }
    }
  }

  async #relistNowAndThen(signal: AbortSignal, connection: AbortController): Promise<void> {
    for (;;) {
      await sleep(relistMs, signal)
      if (signal.aborted) return
      try {
        await this.relist()
      } catch (error) {
        this.#options.log.warn({ err: error }, 'the runtime could not be listed; connecting again')
        connection.abort()
      }
    }
  }

  /** Lists everything and takes what is new, gone or changed. */
  async relist(): Promise<void> {
    const before = new Map(this.#changes)
    const { runtime } = this.#options
    const [{ items = [] }, { containers = [] }] = await Promise.all([
      runtime.listPodSandbox({}),
      runtime.listContainers({}),
    ])
    const present = new Set([...items, ...containers].map(({ id }) => id ?? ''))
    for (const [uid, { observed }] of this.#pods) {
      if (before.get(uid) !== this.#changes.get(uid)) continue
      for (const { id } of [...observed.sandboxes, ...observed.containers]) if (!present.has(id)) this.dropped(id)
    }
    await Promise.all([
      ...items.map(async item => {
        const known = this.#find(item.id ?? '', 'sandboxes')
        const ready = observedSandbox(item).ready
        // Addresses never change; only the status has them.
        if (known?.ips.length && known.ready === ready) return
        await this.refreshSandbox(item.id ?? '')
      }),
      ...containers.map(async item => {
        const listed = observedContainer(item)
        if (this.#find(listed.id, 'containers')?.state !== listed.state) {
          await this.refreshContainer(listed.id, listed.sandboxId)
        }
      }),
    ])
    this.#resolveListed()
  }

  /**
   * Sees to it that a container is known in a state this agent has just brought about. The event that tells of it is
   * usually here already, or on its way beside the answer.
   */
  async await(id: string, sandboxId: string, reached: (container: ObservedContainer) => boolean): Promise<void> {
    const told = (): boolean => {
      const known = this.#find(id, 'containers')
      return known !== undefined && reached(known)
    }
    if (!(await soon(told))) await this.refreshContainer(id, sandboxId)
  }

  /** As `await`, for a sandbox that was just made. */
  async awaitSandbox(id: string): Promise<void> {
    if (!(await soon(() => this.#find(id, 'sandboxes') !== undefined))) await this.refreshSandbox(id)
  }

  /** Asks for one container and takes the answer. */
  async refreshContainer(id: string, sandboxId: string): Promise<void> {
    try {
      const { status } = await this.#options.runtime.containerStatus({ containerId: id })
      if (status) this.#learnContainer(status, sandboxId)
    } catch (error) {
      if (!isNotFound(error)) throw error
      this.dropped(id)
    }
  }

  /** Asks for one sandbox and takes the answer. */
  async refreshSandbox(id: string): Promise<void> {
    try {
      const { status } = await this.#options.runtime.podSandboxStatus({ podSandboxId: id })
      if (status) this.#learnSandbox(status)
    } catch (error) {
      if (!isNotFound(error)) throw error
      this.dropped(id)
    }
  }

  /** A sandbox was stopped. */
  stopped(id: string): void {
    const uid = this.#ownerOf.get(id)
    const known = this.#find(id, 'sandboxes')
    if (uid && known) this.#update(uid, undefined, observed => withSandbox(observed, { ...known, ready: false }))
  }

  /** A sandbox or container was removed. */
  dropped(id: string): void {
    const uid = this.#ownerOf.get(id)
    if (uid === undefined) return
    this.#ownerOf.delete(id)
    this.#update(uid, undefined, observed => without(observed, id))
  }

  #find<List extends 'sandboxes' | 'containers'>(id: string, list: List): PodObservation[List][number] | undefined {
    const uid = this.#ownerOf.get(id)
    return uid === undefined ? undefined : this.observed(uid)[list].find(item => item.id === id)
  }

  async #take({ containerId = '', containerEventType, podSandboxStatus, containersStatuses }: ContainerEventResponse) {
    const sandboxId = podSandboxStatus?.id ?? ''
    if (containerEventType === ContainerEventType.CONTAINER_DELETED_EVENT) {
      this.dropped(containerId)
      return
    }
    if (podSandboxStatus) this.#learnSandbox(podSandboxStatus)
    for (const status of containersStatuses ?? []) this.#learnContainer(status, sandboxId)
    const told = containersStatuses?.some(({ id }) => id === containerId) || containerId === sandboxId
    if (told) return
    try {
      const known = this.#find(containerId, 'containers')
      await this.refreshContainer(containerId, known?.sandboxId ?? sandboxId)
    } catch (error) {
      this.#options.log.warn({ err: error, container: containerId }, 'an event could not be followed up')
    }
  }

  #learnContainer(status: ContainerStatus, sandboxId: string): void {
    const identity = identityOf(status)
    if (identity === undefined || sandboxId === '') return
    const known = this.#find(status.id ?? '', 'containers')
    if (known?.state === 'exited') return
    const plain = observedContainer(status, sandboxId)
    const container = plain.state === 'exited' ? this.#options.complete(identity.uid, plain) : plain
    this.#ownerOf.set(container.id, identity.uid)
    this.#update(identity.uid, identity, observed => withContainer(observed, container))
  }

  #learnSandbox(status: PodSandboxStatus): void {
    const identity = identityOf(status)
    if (identity === undefined) return
    const sandbox = observedSandbox(status)
    this.#ownerOf.set(sandbox.id, identity.uid)
    this.#update(identity.uid, identity, observed => withSandbox(observed, sandbox))
  }

  #update(uid: string, identity: PodIdentity | undefined, change: (observed: PodObservation) => PodObservation): void {
    const pod = this.#pods.get(uid) ?? (identity && { identity, observed: nothingObserved })
    if (pod === undefined) return
    const observed = change(pod.observed)
    this.#changes.set(uid, (this.#changes.get(uid) ?? 0) + 1)
    if (JSON.stringify(observed) === JSON.stringify(pod.observed)) return
    if (observed.sandboxes.length + observed.containers.length > 0) this.#pods.set(uid, { ...pod, observed })
    else {
      this.#pods.delete(uid)
      this.#changes.delete(uid)
    }
    this.#options.onChange(uid)
  }
}

/** Now, or after what has arrived by now was taken. */
async function soon(condition: () => boolean): Promise<boolean> {
  if (condition()) return true
  await new Promise(resolve => setImmediate(resolve))
  return condition()
}
