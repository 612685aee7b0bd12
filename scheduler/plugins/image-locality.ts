import type { ScorePlugin } from '../framework/plugin.ts'

const megabyte = 1024 * 1024
/** Less than this is quick to pull anyway; more (for each container) makes no further difference. */
const leastBytes = 23 * megabyte
const mostBytesPerContainer = 1000 * megabyte

/**
 * Prefers nodes that have the pod's images. An image counts by its size and by the share of nodes that have it, so that
 * pods don't all crowd where an image happened to come first.
 */
export const imageLocality: ScorePlugin = {
  name: 'ImageLocality',
  weight: 1,
  prepare({ pod }, snapshot) {
    const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    const images = containers
      .map(({ image = '' }) => normalized(image))
      .filter(image => snapshot.imageSpread(image) > 0)
    if (images.length === 0) return undefined
    const mostBytes = mostBytesPerContainer * containers.length
    return {
      scale: 'none',
      score: row => {
        const node = snapshot.node(row)
        let sum = 0
        for (const image of images) {
          const bytes = node.images.get(image)
          if (bytes !== undefined) sum += Math.floor(bytes * (snapshot.imageSpread(image) / snapshot.size))
        }
        const bounded = Math.min(mostBytes, Math.max(leastBytes, sum))
        return Math.floor((100 * (bounded - leastBytes)) / (mostBytes - leastBytes))
      },
    }
  },
}

/** With its tag: `busybox` is `busybox:latest`. */
function normalized(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') && !image.includes('@') ? `${image}:latest` : image
}
