// What metadata must be like, on any object.
import { type FieldError, forbidden, invalid, required } from '../../schema/field-error.ts'
import { byteLength, labelValueErrors, qualifiedNameErrors } from '../../values/names.ts'
import { each, immutable, must, same } from '../rules.ts'
import type { ObjectMeta } from './object-meta.ts'

/** Annotations are for tools, not for data: all keys and values of an object together. */
const mostAnnotationBytes = 256 * 1024

export interface MetaRules {
  readonly namespaced: boolean
  readonly nameErrors: (name: string) => string[]
}

/** What is wrong with an object's metadata. */
export function validateObjectMeta(meta: ObjectMeta, rules: MetaRules, field = 'metadata'): FieldError[] {
  const errors: FieldError[] = []
  if (meta.generateName !== undefined) {
    // A random suffix follows, so what the prefix ends in is no matter.
    must(errors, `${field}.generateName`, meta.generateName, prefix =>
      rules.nameErrors(prefix.endsWith('-') ? `${prefix}x` : prefix),
    )
  }
  if (meta.name === undefined) errors.push(required(`${field}.name`, 'name or generateName is required'))
  else must(errors, `${field}.name`, meta.name, rules.nameErrors)
  if (!rules.namespaced && meta.namespace !== undefined) {
    errors.push(forbidden(`${field}.namespace`, 'not allowed on this type'))
  }
  if (rules.namespaced && meta.namespace === undefined) errors.push(required(`${field}.namespace`))
  errors.push(...validateLabels(meta.labels, `${field}.labels`))
  errors.push(...validateAnnotations(meta.annotations, `${field}.annotations`))
  for (const finalizer of meta.finalizers ?? []) must(errors, `${field}.finalizers`, finalizer, qualifiedNameErrors)
  for (const [path, finalizer] of each(`${field}.finalizers`, meta.finalizers)) {
    must(errors, path, finalizer, finalizerErrors)
  }
  errors.push(...validateOwners(meta, `${field}.ownerReferences`))
  return errors
}

/** The field is the list's, without an index, as Kubernetes tells it. */
function validateOwners({ ownerReferences = [] }: ObjectMeta, field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const owner of ownerReferences) {
    const { apiVersion, kind, name, uid } = owner
    if (apiVersion === '') errors.push(invalid(`${field}.apiVersion`, apiVersion, 'version must not be empty'))
    for (const [part, value] of Object.entries({ kind, name, uid })) {
      if (value === '') errors.push(invalid(`${field}.${part}`, value, 'must not be empty'))
    }
    if (apiVersion === 'v1' && kind === 'Event') {
      errors.push(invalid(field, owner, '/v1, Kind=Event is disallowed from being an owner'))
    }
  }
  const [first, second] = ownerReferences.filter(({ controller }) => controller === true)
  if (first === undefined || second === undefined) return errors
  const detail = `Only one reference can have Controller set to true. Found "true" in references for ${first.kind}/${first.name} and ${second.kind}/${second.name}`
  return [...errors, invalid(field, ownerReferences, detail)]
}

/** Names of the form `example.com/thing`; the names from before prefixes are known. */
export function finalizerErrors(finalizer: string): string[] {
  const legacy = ['orphan', 'foregroundDeletion', 'kubernetes']
  if (finalizer.includes('/') || legacy.includes(finalizer)) return []
  return ['name is neither a standard finalizer name nor is it fully qualified']
}

export function validateLabels(labels: Readonly<Record<string, string>> | undefined, field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [key, value] of Object.entries(labels ?? {})) {
    must(errors, field, key, qualifiedNameErrors)
    must(errors, field, value, labelValueErrors)
  }
  return errors
}

export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  let bytes = 0
  for (const [key, value] of Object.entries(annotations ?? {})) {
    must(errors, field, key, name => qualifiedNameErrors(name.toLowerCase()))
    bytes += byteLength(key) + byteLength(value)
  }
  if (bytes > mostAnnotationBytes) {
    const message = `Too long: may not be more than ${mostAnnotationBytes} bytes`
    errors.push({ reason: 'FieldValueTooLong', field, message })
  }
  return errors
}

/** What an update may not do to metadata, besides making it invalid. */
export function validateObjectMetaUpdate(meta: ObjectMeta, old: ObjectMeta, field = 'metadata'): FieldError[] {
  const errors: FieldError[] = []
  for (const name of ['name', 'namespace', 'uid', 'creationTimestamp'] as const) {
    immutable(errors, `${field}.${name}`, meta[name], old[name])
  }
  if (old.deletionTimestamp !== undefined) {
    immutable(errors, `${field}.deletionTimestamp`, meta.deletionTimestamp, old.deletionTimestamp)
    immutable(
      errors,
      `${field}.deletionGracePeriodSeconds`,
      meta.deletionGracePeriodSeconds,
      old.deletionGracePeriodSeconds,
    )
    const added = (meta.finalizers ?? []).filter(finalizer => old.finalizers?.includes(finalizer) !== true)
    if (added.length > 0) {
      const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`
      errors.push(forbidden(`${field}.finalizers`, detail))
    }
  } else if (!same(meta.deletionTimestamp, undefined)) {
    errors.push(forbidden(`${field}.deletionTimestamp`, 'set by deleting the object, not by updating it'))
  }
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid(`${field}.generation`, meta.generation, 'must not be decremented'))
  }
  return errors
}
