// Empties namespaces that are being deleted, then lets them go: their last finalizer is taken off when
// nothing is left in them. Meanwhile their conditions say what remains.
import { isStatus } from '../../../api/errors.ts'
import { type Namespace, namespaces } from '../../../api/kinds/core-v1/namespace.ts'
import type { Stored } from '../../../api/kinds/kind.ts'
import type { Resource } from '../../../client/client.ts'
import { listAll } from '../../../client/list.ts'
import { type Again, WorkQueue } from '../../../client/work-queue.ts'
import type { ControllerContext } from '../context.ts'
import { type Remaining, remainingConditions, sameConditions } from './conditions.ts'

const finalizer = 'kubernetes'
/** Pods take their grace period; how soon they are looked for again. */
const lookAgainMs = 500
const parallelism = 4

export class NamespaceLifecycle {
  readonly #context: ControllerContext
  readonly #queue: WorkQueue

  constructor(context: ControllerContext) {
    this.#context = context
    this.#queue = new WorkQueue(
      {
        reconcile: name => this.#reconcile(name),
        onError: (namespace, err) => context.logger.warn({ err, namespace }, 'could not empty a namespace'),
        parallelism,
        clock: context.clock,
        backoff: { initialMs: 100, maxMs: 60_000 },
      },
      context.signal,
    )
  }

  start(): void {
    const add = ({ metadata }: Stored<Namespace>): void => {
      if (metadata.deletionTimestamp !== undefined) this.#queue.add(metadata.name)
    }
    this.#context.namespaces.subscribe({ added: add, updated: add })
  }

  async #reconcile(name: string): Promise<Again | undefined> {
    const namespace = this.#context.namespaces.get(name)
    if (namespace?.metadata.deletionTimestamp === undefined) return undefined
    if (!namespace.spec.finalizers?.includes(finalizer)) return undefined
    const remaining = await this.#empty(name)
    try {
      if (remaining.length === 0) await this.#release(namespace)
      else await this.#tell(namespace, remaining)
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined
      // The watch will bring the newer one.
      if (!isStatus(error, 'Conflict')) throw error
    }
    return remaining.length === 0 ? undefined : { afterMs: lookAgainMs }
  }

  /** Asks for the deletion of everything that has not been asked to go; answers what is still there. */
  async #empty(namespace: string): Promise<Remaining[]> {
    const { client, signal } = this.#context
    const remaining: Remaining[] = []
    for (const kind of await this.#contents()) {
      let count = 0
      const finalizers = new Map<string, number>()
      for await (const { metadata } of listAll(client, kind, { namespace, signal })) {
        const { name, uid, deletionTimestamp } = metadata
        const left =
          deletionTimestamp === undefined
            ? await client.delete(kind, { namespace, name }, { uid, signal }).catch(ifGone)
            : { metadata }
        if (!left) continue
        count += 1
        for (const one of left.metadata.finalizers ?? []) finalizers.set(one, (finalizers.get(one) ?? 0) + 1)
      }
      if (count > 0)
        remaining.push({ resource: kind.group ? `${kind.resource}.${kind.group}` : kind.resource, count, finalizers })
    }
    return remaining
  }

  /** The resources whose objects live in namespaces, one version of each. */
  async #contents(): Promise<Resource[]> {
    const { client, signal } = this.#context
    const { resources = [] } = await client.discover({ signal })
    const contents = new Map<string, Resource>()
    for (const { group = '', version = '', name: resource = '', namespaced = false, verbs = [] } of resources) {
      const key = `${resource}.${group}`
      if (!namespaced || !verbs.includes('list') || !verbs.includes('delete') || contents.has(key)) continue
      contents.set(key, { group, version, resource })
    }
    return [...contents.values()]
  }

  async #release(namespace: Stored<Namespace>): Promise<void> {
    const { client, signal, logger } = this.#context
    const finalizers = (namespace.spec.finalizers ?? []).filter(one => one !== finalizer)
    await client.update(namespaces, { ...namespace, spec: { finalizers } }, { subresource: 'finalize', signal })
    logger.info({ namespace: namespace.metadata.name }, 'emptied a namespace')
  }

  async #tell(namespace: Stored<Namespace>, remaining: readonly Remaining[]): Promise<void> {
    const { client, clock, signal } = this.#context
    const present = namespace.status.conditions ?? []
    const conditions = remainingConditions(present, remaining, clock.now())
    if (sameConditions(present, conditions)) return
    await client.updateStatus(namespaces, { ...namespace, status: { ...namespace.status, conditions } }, { signal })
  }
}

function ifGone(error: unknown): undefined {
  if (isStatus(error, 'NotFound') || isStatus(error, 'Conflict')) return undefined
  throw error
}
