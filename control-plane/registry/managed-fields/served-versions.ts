// What the record of managers must know of a kind: the schemas of its versions, and what a write never owns.
import type { Kind, KubernetesObject } from '../../../api/kinds/kind.ts'
import { FieldSet } from '../../../api/merge/field-set.ts'
import type { Versions } from '../../../api/merge/managers.ts'
import { type MergeSchema, mergeSchema } from '../../../api/merge/merge-schema.ts'
import { fieldElement } from '../../../api/merge/path-element.ts'
import { decode } from '../../../api/schema/decode.ts'
import type { JsonObject } from '../../../api/schema/message.ts'
import type { ServedVersion } from '../served-version.ts'
import { asJson } from './write.ts'

interface ServedKind {
  readonly kind: Kind
  readonly storage: Kind
  readonly version: ServedVersion
}

const known = new WeakMap<Kind, Map<string, Versions>>()

/** Of a resource as it is served; each is made once. */
export function versionsOf({ kind, storage, version }: ServedKind, subresource: string): Versions {
  const bySubresource = known.get(kind) ?? new Map<string, Versions>()
  known.set(kind, bySubresource)
  let versions = bySubresource.get(subresource)
  if (versions === undefined) {
    const ignored = ignoredFields(storage, subresource)
    versions = {
      schema: apiVersion => schemaIn(kind, storage, apiVersion),
      convert: (object, apiVersion) => converted(object, apiVersion, kind, version),
      ignored: () => ignored,
    }
    bySubresource.set(subresource, versions)
  }
  return versions
}

function schemaIn(kind: Kind, storage: Kind, apiVersion: string): MergeSchema | undefined {
  const found = [kind, storage].find(candidate => candidate.apiVersion === apiVersion)
  return found && mergeSchema(found.schema)
}

function converted(object: JsonObject, apiVersion: string, kind: Kind, version: ServedVersion): JsonObject {
  if (object['apiVersion'] === apiVersion) return object
  // Merging keeps the shape that decoding gave the object.
  const whole = object as unknown as KubernetesObject
  return asJson(apiVersion === kind.apiVersion ? version.fromStorage(whole) : version.toStorage(whole))
}

const zeros = new WeakMap<Kind, KubernetesObject>()

/** An object of a kind before anything is set. */
export function zeroOf(kind: Kind): KubernetesObject {
  let zero = zeros.get(kind)
  if (zero === undefined) zeros.set(kind, (zero = decode(kind.schema, {}).object))
  return zero
}

/** A write of the object leaves its status alone; one of its status, the rest. */
function ignoredFields(storage: Kind, subresource: string): FieldSet {
  const hasStatus = storage.subresources.some(({ name }) => name === 'status')
  if (subresource === '') return hasStatus ? FieldSet.of([fieldElement('status')]) : FieldSet.empty
  const view = storage.subresources.find(({ name }) => name === subresource)
  const reset = view?.is === 'view' ? (view.resetFields ?? [['spec']]) : []
  return FieldSet.of(...reset.map(path => path.map(fieldElement)))
}
