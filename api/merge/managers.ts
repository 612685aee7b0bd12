// Who owns which fields of an object, and what becomes of that when somebody updates or applies. Pure; time, subresources and
// the form of `managedFields` are their keeper's. After structured-merge-diff v6 (merge/update.go).
import type { Json, JsonObject } from '../schema/message.ts'
import { type Comparison, compare } from './compare.ts'
import type { FieldSet } from './field-set.ts'
import { FieldSet as Fields } from './field-set.ts'
import { merge } from './merge.ts'
import type { MergeSchema } from './merge-schema.ts'
import { ownedFields } from './owned-fields.ts'
import { formatPath } from './path-element.ts'
import { equal } from './walk.ts'
import { withoutFields } from './without-fields.ts'

/** What one manager owns, in terms of the version it wrote in. */
export interface Ownership {
  readonly set: FieldSet
  /** `apps/v1` */
  readonly apiVersion: string
  /** By apply; else by an update. */
  readonly applied: boolean
}

/** By the identity of a manager: who, by which operation, to which subresource. */
export type Managers = ReadonlyMap<string, Ownership>

export interface Versions {
  /** The schema of a version; undefined when it is served no longer. */
  schema(apiVersion: string): MergeSchema | undefined
  /** The object in another version. */
  convert(object: JsonObject, apiVersion: string): JsonObject
  /** Fields that a write of this kind never owns: the status in a write of the object, the rest in one of its status. */
  ignored(apiVersion: string): FieldSet
}

export interface Write {
  readonly manager: string
  readonly apiVersion: string
}

/** One field that another manager has a say in. */
export interface Conflict {
  readonly manager: string
  /** `.spec.replicas` */
  readonly field: string
}

export class ConflictError extends Error {
  override readonly name = 'ConflictError'
  /** By manager, then by field. */
  readonly conflicts: readonly Conflict[]

  constructor(conflicts: readonly Conflict[]) {
    super(`Apply failed with ${conflicts.length} conflict${conflicts.length === 1 ? '' : 's'}`)
    this.conflicts = conflicts
  }
}

/** Who owns what after an update: it takes what it changes, and whoever else owned that loses it. */
export function afterUpdate(
  live: JsonObject,
  updated: JsonObject,
  managers: Managers,
  write: Write,
  versions: Versions,
): Managers {
  const { manager, apiVersion } = write
  const { comparison, left } = contest(live, updated, managers, write, versions, true)
  const before = left.get(manager)?.set ?? Fields.empty
  const { added, modified, removed } = comparison
  const set = before.difference(removed).union(modified).union(added).recursiveDifference(versions.ignored(apiVersion))
  const after = new Map(left)
  if (set.isEmpty) after.delete(manager)
  else after.set(manager, { set, apiVersion, applied: false })
  return after
}

export interface Applied {
  /** Undefined: what is applied changes no value. */
  readonly object: JsonObject | undefined
  readonly managers: Managers
}

/**
 * What an object becomes when somebody applies their fields: those they set take their values, those they set before and
 * nobody else owns go.
 * @throws ConflictError unless forced; PathElementError when a list has an element that can't be identified
 */
export function apply(
  live: JsonObject,
  config: JsonObject,
  managers: Managers,
  write: Write,
  versions: Versions,
  force: boolean,
): Applied {
  const { manager, apiVersion } = write
  const schema = schemaOf(versions, apiVersion)
  const last = managers.get(manager)
  const set = ownedFields(config, schema).recursiveDifference(versions.ignored(apiVersion))
  const claimed = new Map(managers).set(manager, { set, apiVersion, applied: true })
  const merged = asObject(merge(live, config, schema))
  const pruned = last === undefined ? merged : prune(merged, claimed, write, last, versions)
  const { left } = contest(live, pruned, claimed, write, versions, force)
  // A new order alone is a change too.
  return { object: equal(live, pruned) ? undefined : pruned, managers: left }
}

interface Contested {
  readonly comparison: Comparison
  /** Without the fields that others lost. */
  readonly left: Managers
}

/** What others lose to a write. @throws ConflictError unless forced */
function contest(
  live: JsonObject,
  updated: JsonObject,
  managers: Managers,
  { manager, apiVersion }: Write,
  versions: Versions,
  force: boolean,
): Contested {
  const comparisons = new Map<string, Comparison | undefined>()
  const comparisonIn = (version: string): Comparison | undefined => {
    if (!comparisons.has(version)) comparisons.set(version, compareIn(live, updated, version, apiVersion, versions))
    return comparisons.get(version)
  }
  const conflicts: Conflict[] = []
  const left = new Map<string, Ownership>()
  for (const [name, ownership] of managers) {
    if (name === manager) {
      left.set(name, ownership)
      continue
    }
    const comparison = comparisonIn(ownership.apiVersion)
    // A version that is served no longer takes its owners along.
    if (comparison === undefined) continue
    const changed = ownership.set.intersection(comparison.modified.union(comparison.added))
    for (const path of changed.paths()) conflicts.push({ manager: name, field: formatPath(path) })
    const kept = ownership.set.difference(changed).difference(comparison.removed)
    if (!kept.isEmpty) left.set(name, { ...ownership, set: kept })
  }
  if (!force && conflicts.length > 0) throw new ConflictError(conflicts)
  if (left.get(manager)?.set.isEmpty) left.delete(manager)
  const comparison = comparisonIn(apiVersion)
  if (comparison === undefined) throw new RangeError(`${apiVersion} is not served`)
  return { comparison, left }
}

function compareIn(
  live: JsonObject,
  updated: JsonObject,
  version: string,
  writtenIn: string,
  versions: Versions,
): Comparison | undefined {
  const schema = versions.schema(version)
  if (schema === undefined) return undefined
  const convert = (object: JsonObject): JsonObject =>
    version === writtenIn ? object : versions.convert(object, version)
  const { added, modified, removed } = compare(convert(live), convert(updated), schema)
  const ignored = versions.ignored(version)
  return {
    added: added.recursiveDifference(ignored),
    modified: modified.recursiveDifference(ignored),
    removed: removed.recursiveDifference(ignored),
  }
}

/** Removes what the manager applied last time, not this time, and what nobody else owns. */
function prune(merged: JsonObject, managers: Managers, write: Write, last: Ownership, versions: Versions): JsonObject {
  const schema = versions.schema(last.apiVersion)
  if (last.set.isEmpty || schema === undefined) return merged
  const before = versions.convert(merged, last.apiVersion)
  const removed = asObject(withoutFields(before, last.set.withNamedFields(schema), schema))
  const owned = addOwned(before, removed, managers, versions, last.apiVersion)
  const kept = addDangling(before, owned, last, schema)
  return versions.convert(kept, write.apiVersion)
}

/** What anybody still owns comes back. */
function addOwned(
  merged: JsonObject,
  pruned: JsonObject,
  managers: Managers,
  versions: Versions,
  apiVersion: string,
): JsonObject {
  const byVersion = new Map<string, FieldSet>()
  for (const ownership of managers.values()) {
    const known = byVersion.get(ownership.apiVersion) ?? Fields.empty
    byVersion.set(ownership.apiVersion, known.union(ownership.set))
  }
  // The version it was pruned in comes first, the others see its outcome.
  const order = [...byVersion.keys()].sort((a, b) => Number(b === apiVersion) - Number(a === apiVersion))
  let [whole, rest, at] = [merged, pruned, apiVersion]
  for (const version of order) {
    const schema = versions.schema(version)
    const managed = byVersion.get(version)
    if (schema === undefined || managed === undefined) continue
    if (version !== at) [whole, rest, at] = [versions.convert(whole, version), versions.convert(rest, version), version]
    const present = ownedFields(whole, schema).withNamedFields(schema)
    const left = ownedFields(rest, schema).withNamedFields(schema)
    const gone = present.difference(left.union(managed.withNamedFields(schema)))
    rest = asObject(withoutFields(whole, gone, schema))
  }
  return at === apiVersion ? rest : versions.convert(rest, apiVersion)
}

/** What went and was never this manager's comes back: fields that nobody owns, inside something that was. */
function addDangling(merged: JsonObject, pruned: JsonObject, last: Ownership, schema: MergeSchema): JsonObject {
  const left = ownedFields(pruned, schema).withNamedFields(schema)
  const present = ownedFields(merged, schema).withNamedFields(schema)
  const gone = present.difference(left).intersection(last.set.withNamedFields(schema))
  return asObject(withoutFields(merged, gone, schema))
}

function schemaOf(versions: Versions, apiVersion: string): MergeSchema {
  const schema = versions.schema(apiVersion)
  if (schema === undefined) throw new RangeError(`${apiVersion} is not served`)
  return schema
}

function asObject(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
