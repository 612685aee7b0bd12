// Objects as rows, by the columns their kind declares.
import type { KubernetesObject } from '../../api/kinds/kind.ts'
import type { ResourceType } from '../resource-types.ts'
import type { TextTable } from './table.ts'

export interface TableOptions {
  readonly nowMs: number
  /** Also the columns of lower priority. */
  readonly wide: boolean
  readonly showNamespace: boolean
  readonly showLabels: boolean
  /** How the row is named. */
  name(object: KubernetesObject): string
}

export function objectTable(
  kind: ResourceType,
  objects: readonly KubernetesObject[],
  options: TableOptions,
): TextTable {
  const { columns, cells } = kind.table
  const shown = columns
    .map((column, index) => ({ column, index }))
    .filter(({ column }) => options.wide || column.priority === 0)
  return {
    headings: [
      ...(options.showNamespace ? ['NAMESPACE'] : []),
      ...shown.map(({ column }) => column.name.toUpperCase()),
      ...(options.showLabels ? ['LABELS'] : []),
    ],
    rows: objects.map(object => {
      const values = cells(object, options.nowMs)
      return [
        ...(options.showNamespace ? [object.metadata.namespace ?? ''] : []),
        ...shown.map(({ column, index }) =>
          column.format === 'name' ? options.name(object) : String(values[index] ?? ''),
        ),
        ...(options.showLabels ? [formatLabels(object.metadata.labels)] : []),
      ]
    }),
  }
}

function formatLabels(labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  return pairs.length === 0 ? '<none>' : pairs.sort().join(',')
}
