// What the data of ConfigMaps and Secrets have in common.
import { type FieldError, forbidden } from '../../schema/field-error.ts'
import { same } from '../rules.ts'

/** All values together: etcd takes requests of at most 1.5 MB. */
export const mostDataBytes = 1024 * 1024

export const decodedLength = (base64: string) =>
  (base64.length / 4) * 3 - (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0)

/** How many entries there are. */
export const countEntries = (...maps: readonly (Readonly<Record<string, string>> | undefined)[]) =>
  maps.reduce((sum, map) => sum + Object.keys(map ?? {}).length, 0)

/** Once an object is immutable it stays as it is, and immutable. */
export function validateFrozen<T extends { readonly immutable?: boolean | undefined }>(
  now: T,
  old: T,
  fields: readonly (keyof T & string)[],
): FieldError[] {
  if (old.immutable !== true) return []
  const detail = 'field is immutable when `immutable` is set'
  const errors = now.immutable === true ? [] : [forbidden('immutable', detail)]
  for (const field of fields) if (!same(now[field], old[field])) errors.push(forbidden(field, detail))
  return errors
}
