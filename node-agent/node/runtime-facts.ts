// What a Node tells of its runtime: version, abilities, images.
import type { ContainerImage, NodeStatus } from '../../api/kinds/core-v1/node-status.ts'
import type { RuntimeClient } from '../../client/runtime.ts'

export interface RuntimeFacts {
  /** `tessera://0.1.0` */
  readonly version: string
  readonly handlers: NonNullable<NodeStatus['runtimeHandlers']>
  readonly features: NonNullable<NodeStatus['features']>
}

const answerMs = 5_000
/** The kubelet reports no more images than this, the largest first, and no more names of one. */
const mostImages = 50
const mostNames = 5

export async function runtimeFacts(runtime: Pick<RuntimeClient, 'version' | 'status'>): Promise<RuntimeFacts> {
  const { runtimeName = '', runtimeVersion = '' } = await runtime.version({}, { timeoutMs: answerMs })
  const { runtimeHandlers = [], features } = await runtime.status({}, { timeoutMs: answerMs })
  return {
    version: `${runtimeName}://${runtimeVersion}`,
    handlers: runtimeHandlers.map(({ name = '', features }) => ({
      name,
      features: {
        recursiveReadOnlyMounts: features?.recursiveReadOnlyMounts ?? false,
        userNamespaces: features?.userNamespaces ?? false,
      },
    })),
    features: { supplementalGroupsPolicy: features?.supplementalGroupsPolicy ?? false },
  }
}

export async function runtimeImages(runtime: Pick<RuntimeClient, 'listImages'>): Promise<ContainerImage[]> {
  try {
    const { images = [] } = await runtime.listImages({}, { timeoutMs: answerMs })
    return images
      .map(({ repoTags = [], repoDigests = [], size = 0 }) => ({
        names: [...repoDigests, ...repoTags].slice(0, mostNames),
        sizeBytes: size,
      }))
      .filter(({ names }) => names.length > 0)
      .sort((a, b) => b.sizeBytes - a.sizeBytes)
      .slice(0, mostImages)
  } catch {
    return [] // The next report has them.
  }
}
