// Keeps the node rules' graph in step with the pods there are.
import { pods } from '../api/kinds/core-v1.ts'
import type { Pod } from '../api/kinds/core-v1.ts'
import { sleep } from '../lib/abort.ts'
import type { Logger } from '../lib/logger.ts'
import type { NodeGraph } from './auth/node-graph.ts'
import type { Registry } from './registry/contract.ts'

const retryMs = 200

/** Feeds the graph until the signal aborts. A watch that ends, because it fell behind, is begun anew. */
export async function followPods(
  registry: Registry,
  graph: NodeGraph,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const resource = registry.resource(pods.group, pods.version, pods.resource)
      const batches = await resource?.watch({ namespace: '', sendInitialEvents: true }, { signal })
      // What is left of pods that went meanwhile grants nothing: they are gone, and so is what they refer to by name
      // only until another pod's node asks for it.
      graph.clear()
      for await (const batch of batches ?? []) {
        for (const { type, object } of batch) {
          if (type === 'DELETED') graph.remove(object as Pod)
          else if (type !== 'BOOKMARK') graph.put(object as Pod)
        }
      }
    } catch (error) {
      if (signal.aborted) return
      logger.warn({ err: error }, 'the watch of pods for the node rules failed; beginning anew')
    }
    await sleep(retryMs, signal)
  }
}
