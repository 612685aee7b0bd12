// Names of sandboxes and containers: 64 hexadecimal digits, of which a prefix that fits only one will do.
import { randomBytes } from 'node:crypto'
import { RuntimeError } from '../errors.ts'
import type { RecordFolder } from '../records/record-folder.ts'

export function newId(): string {
  return randomBytes(32).toString('hex')
}

/** The record an ID or prefix means; undefined when none. @throws RuntimeError `invalid` when it means several */
export function find<T extends { readonly id: string }>(
  records: RecordFolder<T>,
  id: string | undefined,
  what: string,
): T | undefined {
  if (!id) throw new RuntimeError('invalid', `the ${what}'s ID is missing`)
  const exact = records.get(id)
  if (exact) return exact
  const found = records.list().filter(record => record.id.startsWith(id))
  if (found.length > 1) throw new RuntimeError('invalid', `${what} ${id} could be ${found.length}: write more digits`)
  return found[0]
}

/** As `find`. @throws RuntimeError `missing` */
export function need<T extends { readonly id: string }>(
  records: RecordFolder<T>,
  id: string | undefined,
  what: string,
): T {
  const record = find(records, id, what)
  if (!record) throw new RuntimeError('missing', `there is no ${what} ${id}`)
  return record
}
