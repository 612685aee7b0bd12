// A pod from a file: decoded, defaulted and checked as the API would, then given the name and uid it has on this node.
import { createHash } from 'node:crypto'
import { pods } from '../../../api/kinds/core-v1/pod.ts'
import { type Pod as PodKind } from '../../../api/kinds/core-v1/pod-schema.ts'
import { type Decoded, DecodeError, decode } from '../../../api/schema/decode.ts'
import { timeOf } from '../../../api/values/time.ts'
import { parseYaml } from '../../../lib/yaml.ts'
import type { Pod } from '../planning/situation.ts'
import { sourceAnnotations } from '../planning/source.ts'
import { apiReferences } from './static-pod-references.ts'

class StaticPodError extends Error {
  override readonly name = 'StaticPodError'
}

/**
 * @param file named in errors
 * @throws StaticPodError that says which field of which file is wrong
 */
export function staticPod(text: string, file: string, nodeName: string, nowMs: number): Pod {
  const refuse = (why: string): never => {
    throw new StaticPodError(`${file}: ${why}`)
  }
  const documents = parseYaml(text, file)
  if (documents.length !== 1) refuse(`holds ${documents.length} documents; a static pod's file holds one Pod`)
  const { object, unknown } = decoded(documents[0], refuse)
  if (unknown.length > 0) refuse(unknown.join(', '))
  pods.setDefaults(object)
  const { name = '' } = object.metadata
  if (name === '') refuse('metadata.name: Required value')
  // The uid stands for this very content on this node: a changed file is another pod.
  const hash = createHash('md5')
    .update(`${nodeName}\0${file}\0${JSON.stringify(object)}`)
    .digest('hex')
  const pod: Pod = {
    ...object,
    metadata: {
      ...object.metadata,
      name: `${name}-${nodeName}`,
      namespace: object.metadata.namespace ?? 'default',
      uid: hash,
      resourceVersion: '0',
      creationTimestamp: timeOf(nowMs),
      annotations: {
        ...object.metadata.annotations,
        [sourceAnnotations.hash]: hash,
        [sourceAnnotations.source]: 'file',
        [sourceAnnotations.seen]: timeOf(nowMs),
      },
    },
    spec: {
      ...object.spec,
      nodeName,
      // No taint drives a static pod away.
      tolerations: [...(object.spec.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }],
    },
    status: {},
  }
  const errors = pods.validate(pod)
  if (errors.length > 0) refuse(errors.map(({ field, message }) => `${field}: ${message}`).join(', '))
  const references = apiReferences(pod)
  if (references.length > 0) {
    const what = references.map(({ field, resource }) => `${field}: static pods may not reference ${resource}`)
    refuse(
      `${what.join(', ')}; they run without the API: use files of the node (hostPath), or create the pod at the API`,
    )
  }
  return pod
}

function decoded(document: unknown, refuse: (why: string) => never): Decoded<PodKind> {
  try {
    return decode(pods.schema, document)
  } catch (error) {
    if (error instanceof DecodeError) refuse(error.message)
    throw error
  }
}

/** Whether a pod at the API only shows a static pod. */
export const isMirror = ({ metadata }: Pod): boolean => metadata.annotations?.[sourceAnnotations.mirror] !== undefined

/** The uid of the static pod that a mirror shows. */
export const mirroredUid = ({ metadata }: Pod): string => metadata.annotations?.[sourceAnnotations.mirror] ?? ''

/** What the API is told of a static pod; the Node owns it, so it goes with the Node. */
export function mirrorOf(pod: Pod, nodeUid: string): PodKind {
  const { name, namespace, labels, annotations, uid } = pod.metadata
  const owner = { apiVersion: 'v1', kind: 'Node', name: pod.spec.nodeName ?? '', uid: nodeUid, controller: true }
  return {
    ...pod,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(labels && { labels }),
      annotations: { ...annotations, [sourceAnnotations.mirror]: uid },
      ownerReferences: [owner],
    },
  }
}
