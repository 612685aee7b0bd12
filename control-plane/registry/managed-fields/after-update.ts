// Who owns which fields of an object that is created, updated or patched.
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import type { ManagedFieldsEntry } from '../../../api/kinds/meta-v1/object-meta.ts'
import { equal } from '../../../api/merge/walk.ts'
import { bounded } from './bounded.ts'
import { decodeManaged, encodeManaged, isReset, type Managed, unmanaged } from './entries.ts'
import { afterWrite, decodeOrNone, type FieldWrite, withoutManaged } from './write.ts'

/**
 * @param live undefined: the object is created
 * @param updated as it will be stored, but that its `managedFields` are those that the client sent
 * @returns what `metadata.managedFields` becomes
 */
export function managedAfterUpdate(
  live: KubernetesObject | undefined,
  updated: KubernetesObject,
  write: FieldWrite,
): ManagedFieldsEntry[] | undefined {
  const before = live ?? write.zero
  const [old, fresh] = [withoutManaged(before), withoutManaged(updated)]
  const sent = write.subresource === '' ? updated.metadata.managedFields : undefined
  const present = sentOrLive(sent, before.metadata.managedFields)
  // Who owns what is recorded from the creation on, or from the first apply, which takes stock; not from in between.
  if (live !== undefined && present.managers.size === 0) return undefined
  const managed = afterWrite(old, fresh, present, write)
  const entries = encodeManaged(bounded(managed))
  const known = before.metadata.managedFields
  if (known !== undefined && equal(old, fresh) && sameButTimes(entries, known)) return known
  return entries.length === 0 ? undefined : entries
}

/** Clients that don't know of owners send none, or old ones; only who sends some on purpose changes them. */
function sentOrLive(
  sent: readonly ManagedFieldsEntry[] | undefined,
  live: readonly ManagedFieldsEntry[] | undefined,
): Managed {
  if (isReset(sent)) return unmanaged
  try {
    const managed = decodeManaged(sent ?? [])
    if (managed.managers.size > 0) return managed
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error
  }
  return decodeOrNone(live)
}

/** Whether two records differ in nothing but when. */
export function sameButTimes(a: readonly ManagedFieldsEntry[], b: readonly ManagedFieldsEntry[]): boolean {
  const timeless = (entries: readonly ManagedFieldsEntry[]) => entries.map(({ time: _, ...entry }) => entry)
  return JSON.stringify(timeless(a)) === JSON.stringify(timeless(b))
}
