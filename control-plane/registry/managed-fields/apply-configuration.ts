// What an object becomes when somebody applies their configuration of it at the server, and who owns what then.
import { StatusError } from '../../../api/errors.ts'
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import { type Applied, apply, ConflictError, type Managers } from '../../../api/merge/managers.ts'
import { PathElementError } from '../../../api/merge/path-element.ts'
import { TypedError, validateTyped } from '../../../api/merge/validate-typed.ts'
import { fieldsOf } from '../../../api/merge/walk.ts'
import type { Json, JsonObject } from '../../../api/schema/message.ts'
import { bounded } from './bounded.ts'
import { conflictStatus } from './conflict-status.ts'
import { encodeManaged, managerKey } from './entries.ts'
import { conflictsBeyond, withLastApplied } from './last-applied.ts'
import { afterWrite, asJson, decodeOrNone, type FieldWrite, withoutManaged, withoutNobodys } from './write.ts'

const beforeFirstApply = 'before-first-apply'

/**
 * @param live undefined: there is none yet
 * @param config as the client sent it
 * @returns the object as JSON, in the configuration's version, not yet decoded or defaulted; with its owners
 * @throws StatusError: 400 not to be applied here, 409 conflicts, 500 not of the kind's shape
 */
export function applyConfiguration(
  live: KubernetesObject | undefined,
  config: JsonObject,
  write: FieldWrite,
  force: boolean,
): JsonObject {
  checkConfiguration(config, write)
  const old = withoutManaged(live ?? write.zero)
  let managed = decodeOrNone(live?.metadata.managedFields)
  // Fields from before there were owners belong to nobody in particular; they must not go when they are not applied.
  if (live !== undefined && managed.managers.size === 0) {
    managed = afterWrite(withoutManaged(write.zero), old, managed, { ...write, manager: beforeFirstApply })
  }
  const key = managerKey({ manager: write.manager, operation: 'Apply', subresource: write.subresource })
  const { object, managers } = applyOver(old, config, managed.managers, key, write, force)
  const times = new Map(managed.times)
  if (object !== undefined) times.set(key, write.time)
  const entries = encodeManaged(bounded({ managers: withoutNobodys(managers, key), times }))
  const applied = withLastApplied(object ?? old, config, write.manager)
  const metadata = { ...fieldsOf(applied['metadata']) }
  return { ...applied, metadata: entries.length === 0 ? metadata : { ...metadata, managedFields: entries.map(asJson) } }
}

/** @throws StatusError 409 */
function applyOver(
  live: JsonObject,
  config: JsonObject,
  managers: Managers,
  key: string,
  write: FieldWrite,
  force: boolean,
): Applied {
  const by = { manager: key, apiVersion: write.apiVersion }
  try {
    return apply(live, config, managers, by, write.versions, force)
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    const conflicts = conflictsBeyond(live, error.conflicts, write)
    if (conflicts.length > 0) throw conflictStatus(conflicts)
    return apply(live, config, managers, by, write.versions, true)
  }
}

/** @throws StatusError 400, 500 */
function checkConfiguration(config: JsonObject, { apiVersion, kind, versions }: FieldWrite): void {
  const said = { apiVersion: textOf(config['apiVersion']), kind: textOf(config['kind']) }
  const shown = kindText(said.apiVersion, said.kind)
  if (said.apiVersion !== apiVersion || said.kind !== kind)
    throw StatusError.badRequest(`invalid object type: ${shown}`)
  const { name, namespace, managedFields } = fieldsOf(config['metadata'])
  if (managedFields !== undefined && managedFields !== null)
    throw StatusError.badRequest('metadata.managedFields must be nil')
  const schema = versions.schema(apiVersion)
  if (schema === undefined) throw StatusError.badRequest(`invalid object type: ${shown}`)
  try {
    validateTyped(config, schema)
  } catch (error) {
    if (!(error instanceof TypedError || error instanceof PathElementError)) throw error
    const what = `(${textOf(namespace)}/${textOf(name)}; ${shown})`
    throw StatusError.unspecified(`failed to create typed patch object ${what}: ${error.message}`)
  }
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

/** As Go prints a GroupVersionKind: `apps/v1, Kind=Deployment`, `/v1, Kind=Pod`. */
const kindText = (apiVersion: string, kind: string): string =>
  `${apiVersion === '' || apiVersion.includes('/') ? apiVersion || '/' : `/${apiVersion}`}, Kind=${kind}`
