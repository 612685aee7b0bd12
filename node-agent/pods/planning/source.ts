// Where a pod comes from, as the kubelet's annotations of it tell: the API, or a file of this node.
import type { Pod } from './situation.ts'

export const sourceAnnotations = {
  /** What a pod from a file was made from, by its digest. */
  hash: 'kubernetes.io/config.hash',
  source: 'kubernetes.io/config.source',
  seen: 'kubernetes.io/config.seen',
  /** On the pod at the API that shows one from a file: the digest of the one shown. */
  mirror: 'kubernetes.io/config.mirror',
} as const

const fromApi = 'api'

export const isFromApi = ({ metadata }: Pod): boolean =>
  (metadata.annotations?.[sourceAnnotations.source] ?? fromApi) === fromApi

/**
 * The annotations that a pod is told to have. On this node a pod of the API has two more than there: they are not
 * written back.
 * @param seenAtMs when this agent saw it first
 */
export function annotationsOf(pod: Pod, seenAtMs: number): Readonly<Record<string, string>> {
  const { annotations = {} } = pod.metadata
  if (!isFromApi(pod)) return annotations
  const { source, seen } = sourceAnnotations
  return { ...annotations, [source]: fromApi, [seen]: new Date(seenAtMs).toISOString() }
}
