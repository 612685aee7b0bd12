// `metadata.managedFields` as owners of fields, and back. Who wrote through which operation, version and subresource is one
// manager. After apimachinery v0.36 (pkg/util/managedfields/internal).

import type { ManagedFieldsEntry } from '../../../api/kinds/meta-v1/object-meta.ts'
import { decodeFields, encodeFields } from '../../../api/merge/fields-v1.ts'
import type { Managers, Ownership } from '../../../api/merge/managers.ts'

/** Who owns what, and since when. */
export interface Managed {
  readonly managers: Managers
  /** RFC 3339 by manager; those of old objects have none. */
  readonly times: ReadonlyMap<string, string>
}

export const unmanaged: Managed = { managers: new Map(), times: new Map() }

export interface ManagerIdentity {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  /** Of an update only: what is applied may move to another version and stays the same manager's. */
  readonly apiVersion?: string
  readonly subresource?: string
}

/** The key of a manager. Keys sort as Kubernetes sorts managers in messages. */
export function managerKey({ manager, operation, apiVersion, subresource = '' }: ManagerIdentity): string {
  return JSON.stringify({
    ...(manager !== '' && { manager }),
    operation,
    ...(operation === 'Update' && apiVersion !== undefined && { apiVersion }),
    ...(subresource !== '' && { subresource }),
  })
}

export function parseManagerKey(key: string): ManagerIdentity {
  const { manager = '', ...identity } = JSON.parse(key) as Partial<ManagerIdentity> & Pick<ManagerIdentity, 'operation'>
  return { manager, ...identity }
}

/** @throws SyntaxError for entries that can't be read; RangeError for an operation there is none of */
export function decodeManaged(entries: readonly ManagedFieldsEntry[]): Managed {
  const managers = new Map<string, Ownership>()
  const times = new Map<string, string>()
  for (const { manager = '', operation, apiVersion = '', subresource = '', time, fieldsV1 = {} } of entries) {
    if (operation !== 'Apply' && operation !== 'Update') {
      throw new RangeError(`operation must be \`Apply\` or \`Update\`, not ${JSON.stringify(operation)}`)
    }
    const key = managerKey({ manager, operation, apiVersion, subresource })
    managers.set(key, { set: decodeFields(fieldsV1), apiVersion, applied: operation === 'Apply' })
    if (time !== undefined) times.set(key, time)
  }
  return { managers, times }
}

/** In Kubernetes' order: applied ones first, then by time, manager, version, subresource. */
export function encodeManaged({ managers, times }: Managed): ManagedFieldsEntry[] {
  const entries = [...managers].map(([key, { set, apiVersion }]): ManagedFieldsEntry => {
    const { manager, operation, subresource } = parseManagerKey(key)
    const time = times.get(key)
    return {
      ...(manager !== '' && { manager }),
      operation,
      apiVersion,
      ...(time !== undefined && { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: encodeFields(set),
      ...(subresource !== undefined && { subresource }),
    }
  })
  const order = ['operation', 'time', 'manager', 'apiVersion', 'subresource'] as const
  return entries.sort((a, b) => {
    for (const field of order) {
      const [left, right] = [a[field] ?? '', b[field] ?? '']
      if (left !== right) return left < right ? -1 : 1
    }
    return 0
  })
}

/** A list without entries, or with one that says nothing, asks to forget all owners. */
export function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (entries === undefined) return false
  const [only] = entries
  return entries.length === 0 || (entries.length === 1 && only !== undefined && Object.keys(only).length === 0)
}
