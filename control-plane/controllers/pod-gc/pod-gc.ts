// Removes the pods that garbage.ts finds, every 20 s.
import { isStatus } from '../../../api/errors.ts'
import { nodes } from '../../../api/kinds/core-v1/node.ts'
import { pods } from '../../../api/kinds/core-v1/pod.ts'
import { type Again, WorkQueue } from '../../../client/work-queue.ts'
import type { ControllerContext } from '../context.ts'
import { withDisruption } from '../disruption.ts'
import { type Garbage, garbage, hasEnded } from './garbage.ts'

const everyMs = 20_000
/** As many as Kubernetes keeps (--terminated-pod-gc-threshold). */
const endedKept = 12_500

export class PodGarbageCollector {
  readonly #context: ControllerContext
  readonly #missingSinceMs = new Map<string, number>()
  readonly #queue: WorkQueue

  constructor(context: ControllerContext) {
    this.#context = context
    this.#queue = new WorkQueue(
      {
        reconcile: () => this.#collect(),
        onError: (_, err) => context.logger.warn({ err }, 'could not collect pods'),
        clock: context.clock,
        backoff: { initialMs: 1000, maxMs: everyMs },
      },
      context.signal,
    )
  }

  start(): void {
    this.#queue.add('all')
  }

  async #collect(): Promise<Again> {
    const { pods: podInformer, nodes: nodeInformer, clock } = this.#context
    const nowMs = clock.now()
    const hasNode = (name: string): boolean => nodeInformer.get(name) !== undefined
    const bound = new Set([...podInformer.list()].flatMap(pod => pod.spec.nodeName || []))
    for (const name of this.#missingSinceMs.keys())
      if (hasNode(name) || !bound.has(name)) this.#missingSinceMs.delete(name)
    for (const name of bound)
      if (!hasNode(name) && !this.#missingSinceMs.has(name)) this.#missingSinceMs.set(name, nowMs)
    const present = { pods: podInformer.list(), hasNode, missingSinceMs: this.#missingSinceMs, endedKept }
    for (const found of garbage(present, nowMs)) await this.#remove(found, nowMs)
    return { afterMs: everyMs }
  }

  async #remove({ pod, why }: Garbage, nowMs: number): Promise<void> {
    const { client, logger, signal } = this.#context
    const { namespace, name, uid } = pod.metadata
    try {
      if (why === 'node is gone') {
        // The watch may be behind: only the server knows that there is no such node.
        if (await this.#nodeExists(pod.spec.nodeName ?? '')) return
        if (!hasEnded(pod)) {
          const marked = withDisruption(pod, 'DeletionByPodGC', 'PodGC: node no longer exists', nowMs)
          await client.updateStatus(pods, { ...marked, status: { ...marked.status, phase: 'Failed' } }, { signal })
        }
      }
      await client.delete(pods, { namespace, name }, { uid, gracePeriodSeconds: 0, signal })
      logger.info({ namespace, pod: name, why }, 'deleted a pod')
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
    }
  }

  async #nodeExists(name: string): Promise<boolean> {
    try {
      await this.#context.client.get(nodes, { name }, { signal: this.#context.signal })
      return true
    } catch (error) {
      if (isStatus(error, 'NotFound')) return false
      throw error
    }
  }
}
