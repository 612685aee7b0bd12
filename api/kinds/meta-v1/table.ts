// Objects as rows: what `kubectl get` prints. Tables travel as JSON only.
import type { JsonObject } from '../../schema/message.ts'
import type { ListMeta } from './object-meta.ts'

export interface TableColumn {
  readonly name: string
  /** An OpenAPI type: string, integer, number, boolean or date. */
  readonly type: string
  /** How the type is meant: `name` marks the column that identifies the row; empty otherwise. */
  readonly format: string
  readonly description: string
  /** 0 is always shown; higher ones only in wide output. */
  readonly priority: number
}

export type Cell = string | number | boolean

export interface TableRow {
  readonly cells: readonly Cell[]
  /** The object of the row: whole, its metadata only, or absent, as the request's `includeObject` asks. */
  readonly object?: JsonObject
}

export interface Table {
  readonly kind: 'Table'
  readonly apiVersion: 'meta.k8s.io/v1'
  readonly metadata: ListMeta
  readonly columnDefinitions: readonly TableColumn[]
  readonly rows: readonly TableRow[]
}
