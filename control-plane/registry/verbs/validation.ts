// Whether an object may be stored: by its declaration, and by its kind's own rules, which include those of metadata.
import { StatusError } from '../../../api/errors.ts'
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import { validateObjectMeta, validateObjectMetaUpdate } from '../../../api/kinds/meta-v1/object-meta-validation.ts'
import type { FieldError } from '../../../api/schema/field-error.ts'
import { validateStructure } from '../../../api/schema/structure.ts'
import type { Draft } from '../strategies/strategy.ts'
import type { Served } from './served.ts'

/** @throws StatusError 422 */
export function validateNew({ kind }: Served, draft: Draft): void {
  refuse(kind, draft, [...validateStructure(kind.schema, draft), ...(kind.behaviour.validate?.(draft) ?? [])])
}

/** @throws StatusError 422 */
export function validateUpdate({ kind }: Served, draft: Draft, current: KubernetesObject): void {
  refuse(kind, draft, [
    ...validateStructure(kind.schema, draft),
    ...(kind.behaviour.validate?.(draft) ?? []),
    ...(kind.behaviour.validateUpdate?.(draft, current) ?? []),
  ])
}

/** @throws StatusError 422 */
export function validateStatus({ kind }: Served, draft: Draft, current: KubernetesObject): void {
  refuse(kind, draft, [
    ...validateObjectMeta(draft.metadata, kind),
    ...validateObjectMetaUpdate(draft.metadata, current.metadata),
    ...validateStructure(kind.schema, draft),
    ...(kind.behaviour.validateStatus?.(draft, current) ?? []),
  ])
}

function refuse(kind: Served['kind'], draft: Draft, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw StatusError.invalid(kind, draft.metadata.name ?? '', errors)
}
