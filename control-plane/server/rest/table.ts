// Lists as Tables (meta.k8s.io/v1), what `kubectl get` prints: cells made here, so that clients need not know a kind.
import type { Kind } from '../../../api/kinds/kind.ts'
import type { ObjectMeta } from '../../../api/kinds/meta-v1/object-meta.ts'
import type { Encoded, ObjectList } from '../../registry/contract.ts'
import type { IncludeObject } from './options.ts'

type ListMetadata = Partial<ObjectList['metadata']>

/**
 * A Table as JSON. Whole objects are taken in as the bytes they are.
 * @param withColumns false leaves the column definitions out, for a client that has them
 */
export function tableOf(
  kind: Kind,
  include: IncludeObject,
  items: readonly Encoded[],
  metadata: ListMetadata,
  withColumns = true,
  nowMs = Date.now(),
): string {
  const { columns, cells } = kind.table
  const rows = items.map(({ object, json }) => {
    const row = `{"cells":${JSON.stringify(cells(object, nowMs))}`
    switch (include) {
      case 'None':
        return `${row}}`
      case 'Metadata':
        return `${row},"object":${JSON.stringify(partial(object.metadata))}}`
      case 'Object':
        return `${row},"object":${json.toString()}}`
    }
  })
  const definitions = withColumns ? columns : []
  const head = `"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":${JSON.stringify(metadata)}`
  return `{${head},"columnDefinitions":${JSON.stringify(definitions)},"rows":[${rows.join(',')}]}`
}

/** An object reduced to its metadata. */
export function partial(metadata: Readonly<ObjectMeta>) {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
}
