// All pods of this node: those the API bound here, those from files, and those that only the runtime still knows. Each
// gets a worker; nothing is done for any before the runtime has been listed, so that a restarted agent takes over what
// runs instead of making it again.
import { existsSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { type Pod as PodKind, pods } from '../../api/kinds/core-v1/pod.ts'
import { type Service, services } from '../../api/kinds/core-v1/service.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../client/events.ts'
import { Informer } from '../../client/informer.ts'
import { sleep } from '../../lib/abort.ts'
import { type Clock, systemClock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/logger.ts'
import { removeTree } from '../../lib/remove-tree.ts'
import { PodVolumes } from '../volumes/pod-volumes.ts'
import type { NodeAbilities } from './admission/admission.ts'
import { Admissions, type NodeSource } from './admission/admissions.ts'
import { watchLocalStorage } from './eviction/local-storage.ts'
import { ObjectCache } from './object-cache.ts'
import type { ObservedContainer, PodIdentity } from './observation/observation.ts'
import { RuntimeView } from './observation/runtime-view.ts'
import type { Pod } from './planning/situation.ts'
import type { FoundPod, PodDirectory } from './pod-directory.ts'
import { PodWorker } from './pod-worker.ts'
import { isMirror } from './static/static-pod.ts'
import type { StaticPods } from './static/static-pods.ts'
import { StatusWriter } from './status/status-writer.ts'
import { withTerminationMessage } from './status/termination-message.ts'
import type { Context, NodeSettings, Runtime } from './steps/context.ts'
import { Gate } from './steps/gate.ts'

/** Sandboxes and containers made at the same time; more only wait for one another in the kernel. */
const madeAtOnce = 8
/** How long pods wait for the services whose addresses their environments name. */
const servicesMs = 5_000

export interface NodePodsOptions {
  readonly client: Client
  readonly runtime: Runtime
  readonly events: EventRecorder
  readonly settings: NodeSettings
  readonly node: NodeSource
  /** What pods may ask for here; it may change with the runtime. */
  readonly abilities: () => NodeAbilities
  readonly log: Logger
  readonly staticPods?: StaticPods | undefined
  /** See RuntimeViewOptions. */
  readonly onRuntimeConnect: () => Promise<void>
  readonly onRuntimeHealth: (error: Error | undefined) => void
  readonly clock?: Clock
}

export class NodePods implements PodDirectory {
  readonly #options: NodePodsOptions
  readonly #workers = new Map<string, PodWorker>()
  readonly #informer: Informer<PodKind>
  readonly #services: Informer<Service>
  readonly #volumes: PodVolumes
  readonly #admissions: Admissions
  readonly view: RuntimeView
  #context: Context | undefined
  /** Every pod there is has its worker: what the runtime holds besides is nobody's. */
  #allKnown = false
  /** Static pods that wait until their predecessor of the same name is gone. */
  readonly #waiting = new Map<string, Set<() => void>>()
  readonly #successors = new Map<string, Pod>()

  constructor(options: NodePodsOptions) {
    this.#options = options
    const { client, settings, node, log } = options
    const onError = (error: unknown): void => log.warn({ err: error }, 'a watch of the API broke; trying again')
    this.#volumes = new PodVolumes(settings.root)
    this.#admissions = new Admissions({
      node,
      allocatable: () => settings.allocatable(),
      abilities: options.abilities,
      pods: () => [...this.#workers.values()].map(({ admission }) => admission),
      log,
    })
    this.#informer = new Informer<PodKind>(client, pods, {
      fieldSelector: `spec.nodeName=${settings.nodeName}`,
      onError,
    })
    this.#services = new Informer<Service>(client, services, { onError })
    this.view = new RuntimeView({
      runtime: options.runtime,
      log,
      onChange: uid => this.#observed(uid),
      onConnect: options.onRuntimeConnect,
      onHealth: options.onRuntimeHealth,
      complete: (uid, container) => withTerminationMessage(this.#volumes.podDir(uid), container),
    })
  }

  /** A pod of this node by its name, as it was reported last. */
  find(namespace: string, name: string): FoundPod | undefined {
    const full = `${namespace}/${name}`
    const worker = [...this.#workers.values()].find(({ pod }) => nameOf(pod) === full)
    if (worker === undefined) return undefined
    return {
      pod: worker.pod,
      status: worker.status,
      observed: this.view.observed(worker.pod.metadata.uid),
    }
  }

  /** Resolves when something about the pod has changed, or the signal aborts. */
  changed(uid: string, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const waiting = this.#waiting.get(uid) ?? new Set()
      this.#waiting.set(uid, waiting)
      const done = (): void => {
        waiting.delete(done)
        if (waiting.size === 0) this.#waiting.delete(uid)
        signal.removeEventListener('abort', done)
        resolve()
      }
      waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
      if (signal.aborted) done()
    })
  }

  /** Every container that runs here. */
  running(): ObservedContainer[] {
    return this.view
      .identities()
      .flatMap(({ uid }) => this.view.observed(uid).containers.filter(({ state }) => state === 'running'))
  }

  #announce(uid: string): void {
    for (const done of [...(this.#waiting.get(uid) ?? [])]) done()
  }

  /** Runs the pods until the signal aborts; they go on without it. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, runtime, events, settings, node, log, staticPods, clock = systemClock } = this.#options
    const writer = new StatusWriter({ client, log, signal, clock, onNewer: pod => this.#upsert(pod) })
    const objects = new ObjectCache(client, uids => {
      for (const uid of uids) this.#workers.get(uid)?.contentChanged()
    })
    this.#context = {
      runtime,
      view: this.view,
      client,
      writer,
      volumes: this.#volumes,
      objects,
      services: () => (this.#services.hasSynced ? this.#services.list() : undefined),
      events,
      settings,
      gate: new Gate(madeAtOnce),
      clock,
      log,
    }
    const watching = [
      this.view.run(signal),
      this.#informer.run(signal),
      this.#services.run(signal),
      watchLocalStorage(this.#context, () => this.#workers.values(), signal),
    ]
    const aborted = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
    await Promise.race([this.view.listed, aborted])
    if (!signal.aborted) {
      staticPods?.subscribe({
        present: pod => this.#upsert(pod),
        removed: uid => this.#workers.get(uid)?.remove(),
        mirrorChanged: uid => this.#workers.get(uid)?.wake(),
      })
      await Promise.race([this.#services.synced, sleep(servicesMs, signal), aborted])
      this.#informer.subscribe({
        added: pod => this.#fromApi(pod),
        updated: pod => this.#fromApi(pod),
        deleted: pod => this.#gone(pod),
      })
      void this.#informer.synced.then(() => {
        if (signal.aborted) return
        this.#allKnown = true
        this.#adoptOrphans()
      })
      void Promise.all([this.#informer.synced, node.known]).then(() => this.#admissions.open())
      await aborted
    }
    for (const worker of this.#workers.values()) worker.stop()
    objects.close()
    await Promise.all(watching)
  }

  #fromApi(pod: Pod): void {
    if (isMirror(pod)) this.#options.staticPods?.mirrorSeen(pod)
    else this.#upsert(pod)
  }

  #gone(pod: Pod): void {
    if (isMirror(pod)) this.#options.staticPods?.mirrorGone(pod)
    else this.#workers.get(pod.metadata.uid)?.remove()
  }

  #upsert(pod: Pod): void {
    const { uid } = pod.metadata
    const present = this.#workers.get(uid)
    if (present?.isLeaving) {
      // Its file was put back: once the pod that is ending is gone, it begins again.
      if (present.isStatic) this.#successors.set(nameOf(pod), pod)
      return
    }
    if (present) {
      if (Number(pod.metadata.resourceVersion) >= Number(present.pod.metadata.resourceVersion)) present.update(pod)
      return
    }
    const context = this.#context
    if (context === undefined) return
    const { staticPods } = this.#options
    const isStatic = staticPods?.has(uid) ?? false
    const predecessor = isStatic && [...this.#workers.values()].some(worker => nameOf(worker.pod) === nameOf(pod))
    if (predecessor) {
      this.#successors.set(nameOf(pod), pod)
      return
    }
    const worker: PodWorker = new PodWorker({
      context,
      pod,
      isStatic,
      shownAs: () => (isStatic ? staticPods?.mirrorOf(uid) : worker.pod),
      onGone: () => {
        this.#workers.delete(uid)
        this.#announce(uid)
        const successor = this.#successors.get(nameOf(pod))
        this.#successors.delete(nameOf(pod))
        if (successor && staticPods?.has(successor.metadata.uid)) this.#upsert(successor)
        // Something may have turned up in its last moment.
        if (this.#allKnown && this.view.observed(uid).sandboxes.length > 0) this.#adoptOrphans()
      },
    })
    this.#workers.set(uid, worker)
    this.#admissions.consider(worker.admission)
  }

  #observed(uid: string): void {
    this.#announce(uid)
    const worker = this.#workers.get(uid)
    if (worker) worker.wake()
    else if (this.#allKnown) this.#adoptOrphans()
  }

  /** What runs for pods that exist no more is ended, and what they left is removed. */
  #adoptOrphans(): void {
    for (const identity of this.view.identities()) {
      if (this.#workers.has(identity.uid)) continue
      this.#options.log.info(
        { pod: `${identity.namespace}/${identity.name}`, uid: identity.uid },
        'ending a pod that is gone',
      )
      this.#upsert(orphan(identity))
      this.#workers.get(identity.uid)?.remove()
    }
    void this.#sweep()
  }

  /** Directories whose pods are gone. */
  async #sweep(): Promise<void> {
    const { settings, log } = this.#options
    const known = (uid: string): boolean => this.#workers.has(uid)
    const dirs = ['pods', 'memory'].map(name => path.join(settings.root, name)).filter(existsSync)
    const uids = new Set(dirs.flatMap(dir => readdirSync(dir)).filter(uid => !known(uid)))
    for (const uid of uids) {
      try {
        await this.#volumes.release(uid)
        await removeTree(this.#volumes.podDir(uid))
      } catch (error) {
        log.warn({ err: error, uid }, 'what a pod left could not be removed')
      }
    }
    // Only logs of pods that were this node's: others of the machine may keep theirs in the same place.
    if (uids.size === 0 || !existsSync(settings.logRoot)) return
    for (const name of readdirSync(settings.logRoot)) {
      const uid = name.slice(name.lastIndexOf('_') + 1)
      if (uids.has(uid)) rmSync(path.join(settings.logRoot, name), { recursive: true, force: true })
    }
  }
}

const nameOf = ({ metadata }: Pod): string => `${metadata.namespace ?? ''}/${metadata.name}`

/** A pod of which only the runtime's labels are left. */
function orphan({ uid, namespace, name }: PodIdentity): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid, resourceVersion: '0', creationTimestamp: '' },
    spec: { containers: [] },
    status: {},
  }
}
