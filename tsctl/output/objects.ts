// Whole objects, for programs and for people who want all of it.
import type { KubernetesObject } from '../../api/kinds/kind.ts'
import { formatYaml } from '../../lib/yaml.ts'
import type { ResourceType } from '../resource-types.ts'
import { qualifiedName } from '../resources.ts'

export type Format = 'yaml' | 'json' | 'name'

export interface KindItems {
  readonly kind: ResourceType
  readonly items: readonly KubernetesObject[]
}

/** @param options.single print the one object itself, not a list of it */
export function formatObjects(format: Format, found: readonly KindItems[], options: { single: boolean }): string {
  if (format === 'name') {
    return found
      .flatMap(({ kind, items }) => items.map(item => `${qualifiedName(kind, item.metadata.name ?? '')}\n`))
      .join('')
  }
  const items = found.flatMap(({ items }) => items)
  const value = options.single ? items[0] : { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items }
  return format === 'yaml' ? formatYaml(value) : `${JSON.stringify(value, undefined, 4)}\n`
}
