// Pods from a directory of files, and their mirrors: what the API shows of them. They run without the control plane;
// the mirrors follow when it is there.
import { mkdirSync, readdirSync, readFileSync, watch } from 'node:fs'
import path from 'node:path'
import { isStatus, StatusError } from '../../../api/errors.ts'
import { pods } from '../../../api/kinds/core-v1/pod.ts'
import type { Client } from '../../../client/client.ts'
import { type Again, WorkQueue } from '../../../client/work-queue.ts'
import { sleep } from '../../../lib/abort.ts'
import { type Clock, systemClock } from '../../../lib/clock.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { Pod } from '../planning/situation.ts'
import { mirroredUid, mirrorOf, staticPod } from './static-pod.ts'

/** Where inotify does not reach (network file systems), files are read this often. */
const rereadMs = 60_000
/** Editors write in several steps. */
const settleMs = 50
/** How long a mirror waits that the API refused: nothing but a change of its rules, or of the file, helps. */
const refusedMs = 300_000

export interface StaticPodHandlers {
  present(pod: Pod): void
  removed(uid: string): void
  /** What the API shows of a static pod has changed. */
  mirrorChanged(uid: string): void
}

export interface StaticPodsOptions {
  readonly directory: string
  readonly nodeName: string
  /** The Node object's uid, once it is registered. */
  readonly nodeUid: () => string | undefined
  readonly client: Client
  readonly log: Logger
  readonly clock?: Clock
}

export class StaticPods {
  readonly #options: StaticPodsOptions
  /** By uid. */
  readonly #pods = new Map<string, Pod>()
  /** By the full name of the pod they show. */
  readonly #mirrors = new Map<string, Pod>()
  readonly #fileOf = new Map<string, string>()
  /** What is wrong with a file. */
  readonly #complaints = new Map<string, string>()
  /** Why the API does not take a mirror, by the uid of the pod it shows. */
  readonly #refusals = new Map<string, string>()
  #handlers: StaticPodHandlers | undefined
  #queue: WorkQueue | undefined

  constructor(options: StaticPodsOptions) {
    this.#options = options
  }

  has(uid: string): boolean {
    return this.#pods.has(uid)
  }

  /** What the API shows of a static pod, if it shows this very one. */
  mirrorOf(uid: string): Pod | undefined {
    const pod = this.#pods.get(uid)
    const mirror = pod && this.#mirrors.get(fullName(pod))
    return mirror && mirroredUid(mirror) === uid && mirror.metadata.deletionTimestamp === undefined ? mirror : undefined
  }

  /** Tells of every pod there is, and of each change. */
  subscribe(handlers: StaticPodHandlers): void {
    this.#handlers = handlers
    for (const pod of this.#pods.values()) handlers.present(pod)
  }

  mirrorSeen(mirror: Pod): void {
    this.#mirrors.set(fullName(mirror), mirror)
    this.#queue?.add(fullName(mirror))
    this.#handlers?.mirrorChanged(mirroredUid(mirror))
  }

  mirrorGone(mirror: Pod): void {
    this.#mirrors.delete(fullName(mirror))
    this.#queue?.add(fullName(mirror))
    this.#handlers?.mirrorChanged(mirroredUid(mirror))
  }

  /** Follows the directory until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { directory, log, clock = systemClock } = this.#options
    this.#queue = new WorkQueue(
      {
        reconcile: name => this.#reconcileMirror(name, signal),
        onError: (name, error, retryMs) => log.debug({ err: error, pod: name, retryMs }, 'mirror pod not written'),
        backoff: { initialMs: 200, maxMs: 30_000, jitter: 0.2 },
        clock,
      },
      signal,
    )
    mkdirSync(directory, { recursive: true })
    let changed: () => void = () => {}
    const watcher = watch(directory, { signal, persistent: false }, () => changed())
    watcher.on('error', error => log.warn({ err: error, directory }, 'the directory of static pods cannot be watched'))
    while (!signal.aborted) {
      this.#read()
      const change = new Promise<void>(resolve => {
        changed = resolve
      })
      const wake = new AbortController()
      await Promise.race([change, sleep(rereadMs, AbortSignal.any([signal, wake.signal]))])
      wake.abort()
      await sleep(settleMs, signal)
    }
  }

  #read(): void {
    const { directory, nodeName, log } = this.#options
    const found = new Map<string, Pod>()
    for (const name of readdirSync(directory).filter(name => /^[^.].*\.(ya?ml|json)$/.test(name))) {
      const file = path.join(directory, name)
      try {
        const pod = staticPod(readFileSync(file, 'utf8'), file, nodeName, Date.now())
        found.set(pod.metadata.uid, pod)
        this.#fileOf.set(pod.metadata.uid, file)
        this.#complaints.delete(file)
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        if (this.#complaints.get(file) !== message) log.error({ file }, `static pod refused: ${message}`)
        this.#complaints.set(file, message)
        // A file that became wrong does not end the pod it made; only its removal does.
        const before = [...this.#pods.values()].filter(pod => this.#fileOf.get(pod.metadata.uid) === file)
        for (const pod of before) found.set(pod.metadata.uid, pod)
      }
    }
    for (const [uid, pod] of this.#pods) {
      if (found.has(uid)) continue
      this.#pods.delete(uid)
      this.#fileOf.delete(uid)
      this.#refusals.delete(uid)
      this.#handlers?.removed(uid)
      this.#queue?.add(fullName(pod))
    }
    for (const [uid, pod] of found) {
      if (this.#pods.has(uid)) continue
      this.#pods.set(uid, pod)
      this.#handlers?.present(pod)
      this.#queue?.add(fullName(pod))
    }
  }

  async #reconcileMirror(name: string, signal: AbortSignal): Promise<Again | undefined> {
    const { client } = this.#options
    const pod = [...this.#pods.values()].find(candidate => fullName(candidate) === name)
    const mirror = this.#mirrors.get(name)
    if (mirror) {
      if (pod && this.mirrorOf(pod.metadata.uid)) return undefined
      const { namespace, uid } = mirror.metadata
      try {
        await client.delete(pods, { namespace, name: mirror.metadata.name }, { gracePeriodSeconds: 0, uid, signal })
      } catch (error) {
        if (!isStatus(error, 'NotFound') && !isStatus(error, 'Conflict')) throw error
      }
      return undefined // Its deletion is told, and brings this back.
    }
    return pod && this.#createMirror(pod, signal)
  }

  async #createMirror(pod: Pod, signal: AbortSignal): Promise<Again | undefined> {
    const { client, nodeUid } = this.#options
    const { uid } = pod.metadata
    const owner = nodeUid()
    if (owner === undefined) throw new Error('the Node that owns mirrors is not registered')
    try {
      const mirror = await client.create(pods, mirrorOf(pod, owner), { signal })
      this.#refusals.delete(uid)
      this.mirrorSeen(mirror)
    } catch (error) {
      if (isStatus(error, 'AlreadyExists')) return undefined
      if (!(error instanceof StatusError && isRefusal(error))) throw error
      this.#complain(pod, error)
      // A namespace may yet be made, by whoever starts together with this agent.
      if (error.reason === 'NotFound') throw error
      return { afterMs: refusedMs }
    }
    return undefined
  }

  /** Once for each reason: the pod runs all the same. */
  #complain(pod: Pod, { message }: StatusError): void {
    const { uid } = pod.metadata
    if (this.#refusals.get(uid) === message) return
    this.#refusals.set(uid, message)
    const file = this.#fileOf.get(uid)
    this.#options.log.warn(
      { pod: fullName(pod), file },
      `static pod runs, but the API refuses the mirror that would show it: ${message}`,
    )
  }
}

/** The API judged what it was given; to give it the same again changes nothing by itself. */
const isRefusal = ({ code }: StatusError): boolean => [400, 403, 404, 422].includes(code)

const fullName = ({ metadata }: Pod): string => `${metadata.namespace ?? ''}/${metadata.name}`
