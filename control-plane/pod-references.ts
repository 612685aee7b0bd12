// Keeps the node rules' graph in step with the pods there are.
import { type Pod, pods } from '../api/kinds/core-v1/pod.ts'
import { isAborted, sleep } from '../lib/abort.ts'
import type { Logger } from '../lib/logger.ts'
import type { NodeGraph } from './auth/node-graph.ts'
import type { Registry } from './registry/contract.ts'

const retryMs = 200

export interface FollowOptions {
  readonly registry: Registry
  readonly graph: NodeGraph
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Called when the graph holds every pod there was. */
  readonly synced: () => void
}

/** Feeds the graph until the signal aborts. A watch that ends, because it fell behind, is begun anew. */
export async function followPods({ registry, graph, logger, signal, synced }: FollowOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      const resource = registry.resource(pods.group, pods.version, pods.resource)
      if (!resource) throw new Error('pods are not served')
      const batches = await resource.watch(
        { namespace: '', sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowBookmarks: true },
        { signal },
      )
      // Pods come back at once, in the first batch; until then a node may be refused what it asks again for.
      graph.clear()
      for await (const batch of batches) {
        for (const { type, object } of batch) {
          if (type === 'BOOKMARK') synced()
          else if (type === 'DELETED') graph.remove(object as Pod)
          else graph.set(object as Pod)
        }
      }
    } catch (error) {
      if (isAborted(signal)) return
      logger.warn({ err: error }, 'the watch of pods for the node rules failed; beginning anew')
    }
    await sleep(retryMs, signal)
  }
}
