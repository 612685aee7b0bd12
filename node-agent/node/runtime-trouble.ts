// Why containers can't be run here, from what the runtime says of itself.
import type { ContainerImage } from '../../api/kinds/core-v1/node-status.ts'
import type { RuntimeClient } from '../../client/runtime.ts'
import type { RuntimeTrouble } from './conditions.ts'

const answerMs = 5_000
/** The kubelet reports no more images than this, the largest first. */
const mostImages = 50

/** Never throws: not to be answered is an answer. */
export async function runtimeTrouble(runtime: Pick<RuntimeClient, 'status'>): Promise<RuntimeTrouble> {
  try {
    const { status } = await runtime.status({}, { timeoutMs: answerMs })
    const bad = (status?.conditions ?? []).filter(condition => condition.status !== true)
    if (bad.length === 0) return undefined
    return bad
      .map(({ type = '', reason = '', message = '' }) => {
        const what = type === 'NetworkReady' ? 'container runtime network' : 'container runtime'
        return `${what} not ready: ${type}=false reason:${reason} message:${message}`
      })
      .join(', ')
  } catch (error) {
    return `container runtime is down: ${error instanceof Error ? error.message : String(error)}`
  }
}

export async function runtimeImages(runtime: Pick<RuntimeClient, 'listImages'>): Promise<ContainerImage[]> {
  try {
    const { images = [] } = await runtime.listImages({}, { timeoutMs: answerMs })
    return images
      .map(({ repoTags = [], repoDigests = [], size = 0 }) => ({
        names: [...repoDigests, ...repoTags],
        sizeBytes: size,
      }))
      .filter(({ names }) => names.length > 0)
      .sort((a, b) => b.sizeBytes - a.sizeBytes)
      .slice(0, mostImages)
  } catch {
    return [] // The next report has them.
  }
}
