// Deletes pods from nodes whose NoExecute taints they do not, or no longer, tolerate.
import { isStatus } from '../../../api/errors.ts'
import type { Taint } from '../../../api/kinds/core-v1/affinity.ts'
import type { Node } from '../../../api/kinds/core-v1/node.ts'
import { type Pod, pods } from '../../../api/kinds/core-v1/pod.ts'
import type { Stored } from '../../../api/kinds/kind.ts'
import { objectKey } from '../../../client/informer.ts'
import { type Again, WorkQueue } from '../../../client/work-queue.ts'
import type { ControllerContext } from '../context.ts'
import { withDisruption } from '../disruption.ts'
import { evictionTimeMs } from './eviction-time.ts'
import { sameTaints } from './taints.ts'

const parallelism = 8
/** Timers take 24 days; there is no harm in looking in between. */
const longestWaitMs = 3_600_000

export class TaintEviction {
  readonly #context: ControllerContext
  readonly #queue: WorkQueue

  constructor(context: ControllerContext) {
    this.#context = context
    this.#queue = new WorkQueue(
      {
        reconcile: key => this.#reconcile(key),
        onError: (pod, err) => context.logger.warn({ err, pod }, 'could not evict a pod'),
        parallelism,
        clock: context.clock,
      },
      context.signal,
    )
  }

  start(): void {
    const { nodes, pods: podInformer } = this.#context
    const add = (pod: Stored<Pod>): void => this.#queue.add(objectKey(pod))
    podInformer.subscribe({ added: add, updated: add })
    const addPodsOf = (node: Stored<Node>): void => {
      for (const pod of podInformer.by('node', node.metadata.name)) add(pod)
    }
    nodes.subscribe({
      added: addPodsOf,
      updated: (node, old) => {
        if (!sameTaints(executing(node), executing(old))) addPodsOf(node)
      },
    })
  }

  async #reconcile(key: string): Promise<Again | undefined> {
    const { nodes, pods: podInformer, clock, events, client, signal } = this.#context
    const pod = podInformer.get(key)
    const node = pod?.spec.nodeName ? nodes.get(pod.spec.nodeName) : undefined
    if (!pod || !node || pod.metadata.deletionTimestamp !== undefined) return undefined
    const nowMs = clock.now()
    const atMs = evictionTimeMs(pod, executing(node), nowMs)
    if (atMs === Number.POSITIVE_INFINITY) return undefined
    if (atMs > nowMs) return { afterMs: Math.min(atMs - nowMs, longestWaitMs) }
    events.record(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`)
    const why = 'Taint manager: deleting due to NoExecute taint'
    const marked = withDisruption(pod, 'DeletionByTaintManager', why, nowMs)
    try {
      await client.updateStatus(pods, marked, { signal })
      const { namespace, name, uid } = pod.metadata
      await client.delete(pods, { namespace, name }, { uid, signal })
    } catch (error) {
      // It has gone, or another has taken its name.
      if (!isStatus(error, 'NotFound')) throw error
    }
    return undefined
  }
}

const executing = (node: Node): Taint[] => (node.spec.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
