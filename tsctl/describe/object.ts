// Any other object for people: its own fields, without what only programs read.
import type { KubernetesObject } from '../../api/kinds/kind.ts'
import { type Entry, type Outline, outline, pairs } from './outline.ts'

export function describeObject(object: KubernetesObject): Outline {
  const { apiVersion, kind, metadata, ...rest } = object
  return outline(
    ['Name', metadata.name ?? ''],
    metadata.namespace === undefined ? undefined : ['Namespace', metadata.namespace],
    ['Labels', pairs(metadata.labels)],
    ['Annotations', pairs(metadata.annotations, ': ').map(line => line.split('\n')[0] ?? '')],
    ['API Version', apiVersion],
    ['Kind', kind],
    ['Created', metadata.creationTimestamp ?? ''],
    ...Object.entries(rest).map(([name, value]) => entry(name, kind === 'Secret' ? sizes(name, value) : value)),
  )
}

/** A secret's values are not for the screen: their sizes are. */
function sizes(name: string, value: unknown): unknown {
  if (name !== 'data' || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, text]) => [key, `${Buffer.from(String(text), 'base64').length} bytes`]),
  )
}

function entry(name: string, value: unknown): Entry {
  const label = name.replace(/^./, first => first.toUpperCase())
  if (Array.isArray(value)) {
    const plain = value.every(item => typeof item !== 'object' || item === null)
    return [label, plain ? value.map(String) : outline(...value.map((item, index) => entry(String(index), item)))]
  }
  if (typeof value === 'object' && value !== null) {
    return [
      label,
      outline(
        ...Object.entries(value).map(([key, item]): Entry => {
          const [, inner] = entry(key, item)
          return [key, inner]
        }),
      ),
    ]
  }
  return [label, String(value).split('\n')]
}
