// Who sets which fields: what every write does about `metadata.managedFields`. It happens before admission, so that what
// plugins add belongs to nobody.
import { StatusError } from '../../../api/errors.ts'
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import { required } from '../../../api/schema/field-error.ts'
import { timeOf } from '../../../api/values/time.ts'
import type { RequestContext, Target } from '../contract.ts'
import { managedAfterUpdate, sameButTimes } from '../managed-fields/after-update.ts'
import { versionsOf, zeroOf } from '../managed-fields/served-versions.ts'
import type { FieldWrite } from '../managed-fields/write.ts'
import type { Served } from './served.ts'

export function fieldWrite(
  served: Served,
  { subresource = '' }: Target,
  { fieldManager = '' }: RequestContext,
): FieldWrite {
  const { kind, clock } = served
  return {
    manager: fieldManager,
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    subresource,
    time: timeOf(clock.now()),
    versions: versionsOf(served, subresource),
    zero: zeroOf(kind),
  }
}

/** Writes into the object who owns its fields now. @param old undefined: it is created */
export function recordManager(
  served: Served,
  target: Target,
  context: RequestContext,
  object: KubernetesObject,
  old: KubernetesObject | undefined,
): void {
  const { version } = served
  const shown = version.fromStorage(object)
  const managed = managedAfterUpdate(old && version.fromStorage(old), shown, fieldWrite(served, target, context))
  if (managed === undefined) delete object.metadata.managedFields
  else object.metadata.managedFields = managed
}

/** Nothing is written only because time has passed: where all else is as it was, so are the times of managers. */
export function keepTimes(object: KubernetesObject, old: KubernetesObject): void {
  const { managedFields } = old.metadata
  if (managedFields === undefined || object.metadata.managedFields === undefined) return
  if (sameButTimes(object.metadata.managedFields, managedFields)) object.metadata.managedFields = managedFields
}

/** @throws StatusError 422 */
export function requireManager({ fieldManager = '' }: RequestContext): void {
  if (fieldManager !== '') return
  const patchOptions = { group: 'meta.k8s.io', kind: 'PatchOptions' }
  throw StatusError.invalid(patchOptions, '', [required('fieldManager', 'is required for apply patch')])
}
