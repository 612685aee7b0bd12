// What every write of an object's owners has in common.
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import type { ManagedFieldsEntry } from '../../../api/kinds/meta-v1/object-meta.ts'
import { FieldSet } from '../../../api/merge/field-set.ts'
import { afterUpdate, type Managers, type Versions } from '../../../api/merge/managers.ts'
import { fieldElement, PathElementError } from '../../../api/merge/path-element.ts'
import type { JsonObject } from '../../../api/schema/message.ts'
import { decodeManaged, type Managed, managerKey, unmanaged } from './entries.ts'

export interface FieldWrite {
  /** Who writes: the `fieldManager` of the request, else the first part of its user agent. */
  readonly manager: string
  /** The version that the request is in: `apps/v1`. */
  readonly apiVersion: string
  readonly kind: string
  /** '' for the object itself. */
  readonly subresource: string
  /** RFC 3339, whole seconds. */
  readonly time: string
  readonly versions: Versions
  /** An object of this kind and version before anything is set: what is always there is nobody's. */
  readonly zero: KubernetesObject
}

const path = (...names: readonly string[]) => names.map(fieldElement)
const serverOwned = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
]
/** Fields that nobody owns: who an object is, and what only the server writes. */
const nobodys = FieldSet.of(
  path('apiVersion'),
  path('kind'),
  path('metadata'),
  ...serverOwned.map(name => path('metadata', name)),
)

/** Without a manager's share in what nobody owns. */
export function withoutNobodys(managers: Managers, key: string): Managers {
  const ownership = managers.get(key)
  if (ownership === undefined) return managers
  const set = ownership.set.difference(nobodys)
  const left = new Map(managers)
  if (set.isEmpty) left.delete(key)
  else left.set(key, { ...ownership, set })
  return left
}

const thisWrite = 'this-write'

/** The owners after an update; the manager's time moves only when it took something. */
export function afterWrite(live: JsonObject, updated: JsonObject, managed: Managed, write: FieldWrite): Managed {
  const { manager, apiVersion, subresource, time, versions } = write
  let managers: Managers
  try {
    managers = afterUpdate(live, updated, managed.managers, { manager: thisWrite, apiVersion }, versions)
  } catch (error) {
    // Elements without what identifies them are a matter of validation, not of owners.
    if (error instanceof PathElementError) return managed
    throw error
  }
  managers = withoutNobodys(managers, thisWrite)
  const taken = managers.get(thisWrite)
  if (taken === undefined) return { managers, times: managed.times }
  const key = managerKey({ manager, operation: 'Update', apiVersion, subresource })
  const before = managers.get(key)
  const after = new Map(managers)
  after.delete(thisWrite)
  after.set(key, before === undefined ? taken : { ...taken, set: taken.set.union(before.set) })
  return { managers: after, times: new Map(managed.times).set(key, time) }
}

/** Entries that can't be read are forgotten: they must not stand in the way of writes. */
export function decodeOrNone(entries: readonly ManagedFieldsEntry[] | undefined): Managed {
  try {
    return decodeManaged(entries ?? [])
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return unmanaged
    throw error
  }
}

/** A decoded object is JSON; its type, which names its fields, does not say so. */
export function asJson(object: object): JsonObject {
  return object as JsonObject
}

/** An object as JSON, its own owners aside. */
export function withoutManaged({ metadata, ...object }: KubernetesObject): JsonObject {
  const { managedFields: _, ...rest } = metadata
  return asJson({ ...object, metadata: rest })
}
