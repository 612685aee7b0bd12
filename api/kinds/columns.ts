// Building blocks of the tables kinds are shown as.
import { formatAge } from '../values/age.ts'
import type { Cell, TableColumn } from './meta-v1/table.ts'
import type { KubernetesObject } from './object.ts'

/** A column that is always shown. */
export function column(name: string, description: string, type = 'string'): TableColumn {
  return { name, type, format: '', description, priority: 0 }
}

/** A column of wide output. */
export function wide(name: string, description: string, type = 'string'): TableColumn {
  return { ...column(name, description, type), priority: 1 }
}

export const nameColumn: TableColumn = {
  ...column('Name', 'The name of the object, unique among its kind in its namespace.'),
  format: 'name',
}

export const ageColumn = column('Age', 'The time since the object was created.')

export const age = ({ metadata }: KubernetesObject, nowMs: number) => formatAge(metadata.creationTimestamp, nowMs)

/** What stands in a cell that has nothing to say. */
export const none = '<none>'

export const orNone = (text: string | undefined) => (text === undefined || text === '' ? none : text)

/** Cells of one object at a moment; as many as there are columns. */
export interface Columns<T> {
  readonly columns: readonly TableColumn[]
  cells(object: T, nowMs: number): Cell[]
}

/** For kinds that declare no columns of their own. */
export const nameAndAge: Columns<KubernetesObject> = {
  columns: [nameColumn, ageColumn],
  cells: (object, nowMs) => [object.metadata.name ?? '', age(object, nowMs)],
}
