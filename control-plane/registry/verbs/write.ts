// The one place where a write is prepared: admission, the kind's rules, the record of field managers, validation, and
// what the write takes for itself. Objects are in the version they are stored in.
import { StatusError } from '../../../api/errors.ts'
import type { Kind, KubernetesObject } from '../../../api/kinds/kind.ts'
import { validateObjectMeta, validateObjectMetaUpdate } from '../../../api/kinds/meta-v1/object-meta-validation.ts'
import type { View } from '../../../api/kinds/subresource.ts'
import type { FieldError } from '../../../api/schema/field-error.ts'
import { validateStructure } from '../../../api/schema/structure.ts'
import type { Attributes, Operation } from '../admission/plugin.ts'
import type { DeleteOptions, RequestContext, Target } from '../contract.ts'
import type { Reservation } from '../strategies/strategy.ts'
import { keepTimes, recordManager } from './field-managers.ts'
import type { Served } from './served.ts'
import { withStoreErrors } from './store-errors.ts'

/** A request that writes, or is about to. */
export interface WriteRequest {
  readonly served: Served
  readonly target: Target
  readonly context: RequestContext
  readonly operation: Operation
  /** Whether it is a server-side apply. */
  readonly applies?: boolean
  readonly deletion?: DeleteOptions
  /** What the client is told besides the answer. */
  readonly warnings: string[]
}

interface Objects {
  readonly object?: KubernetesObject | undefined
  readonly old?: KubernetesObject | undefined
}

/** The request as admission sees it. */
export function attributesOf(request: WriteRequest, { object, old }: Objects): Attributes {
  const { served, target, context, operation, deletion = {}, warnings } = request
  const { dryRun = false, fieldManager, fieldValidation, user, signal, annotate } = context
  const { gracePeriodSeconds, propagationPolicy } = deletion
  return {
    operation,
    kind: served.storage,
    subresource: target.subresource ?? '',
    namespace: target.namespace,
    name: target.name || (object?.metadata.name ?? ''),
    object,
    old,
    user,
    signal,
    dryRun,
    options: {
      ...(fieldManager !== undefined && { fieldManager }),
      ...(fieldValidation !== undefined && { fieldValidation }),
      ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
      ...(propagationPolicy !== undefined && { propagationPolicy }),
    },
    warn: text => warnings.push(text),
    annotate: (key, value) => annotate?.(key, value),
  }
}

/** Makes of a new object what may be stored, in place. @returns what it has reserved @throws StatusError */
export async function prepareCreate(request: WriteRequest, object: KubernetesObject): Promise<Reservation | undefined> {
  const { served, context, warnings } = request
  const { storage, admission } = served
  record(request, object)
  const attributes = attributesOf(request, { object })
  await admission.mutate(attributes)
  storage.prepareForCreate(object)
  refuse(storage, object, storage.validate(object, served.kind))
  if (context.withoutWarnings !== true) warnings.push(...storage.warnings(object))
  await admission.validate(attributes)
  return reserve(request, attributes, object, undefined)
}

/**
 * The same for an object that stands there already.
 * @param view the part that is written; undefined: the object itself
 * @returns how to take what it needs, once it is clear that it will be written
 */
export async function prepareUpdate(
  request: WriteRequest,
  view: View<KubernetesObject> | undefined,
  object: KubernetesObject,
  old: KubernetesObject,
): Promise<() => Promise<Reservation | undefined>> {
  const { served, context, warnings } = request
  const { storage, admission } = served
  record(request, object, old)
  const attributes = attributesOf(request, { object, old })
  await admission.mutate(attributes)
  const asObject = view === undefined || view.writesObject === true
  if (asObject) storage.prepareForUpdate(object, old)
  else view.prepareForUpdate?.(object, old)
  if (storage.hasGeneration && storage.isNewGeneration(object, old)) {
    object.metadata.generation = (old.metadata.generation ?? 0) + 1
  }
  keepTimes(object, old)
  if (asObject) {
    const { kind } = served
    refuse(storage, object, [...storage.validate(object, kind), ...storage.validateUpdate(object, old, kind)])
    if (context.withoutWarnings !== true) warnings.push(...storage.warnings(object, old))
  } else {
    refuse(storage, object, [
      ...validateObjectMeta(object.metadata, storage),
      ...validateObjectMetaUpdate(object.metadata, old.metadata),
      ...validateStructure(storage.schema, object),
      ...(view.validateUpdate?.(object, old) ?? []),
    ])
  }
  await admission.validate(attributes)
  return () => reserve(request, attributes, object, old)
}

/** What is applied has been recorded as it was merged. */
function record({ served, target, context, applies }: WriteRequest, object: KubernetesObject, old?: KubernetesObject) {
  if (applies !== true) recordManager(served, target, context, object, old)
}

function reserve(
  { served: { strategy, admission }, target }: WriteRequest,
  attributes: Attributes,
  object: KubernetesObject,
  old: KubernetesObject | undefined,
): Promise<Reservation | undefined> {
  return withStoreErrors(async () => {
    const own = (target.subresource ?? '') === '' ? await strategy.reserve?.(object, old) : undefined
    try {
      const taken = await admission.reserve(attributes)
      return together(own === undefined ? taken : [own, ...taken])
    } catch (error) {
      await own?.abandon()
      throw error
    }
  })
}

export function together(reservations: readonly Reservation[]): Reservation | undefined {
  if (reservations.length < 2) return reservations[0]
  return {
    async confirm() {
      await Promise.all(reservations.map(reservation => reservation.confirm()))
    },
    async abandon() {
      await Promise.all(reservations.map(reservation => reservation.abandon()))
    },
  }
}

/** @throws StatusError 422 */
function refuse(kind: Kind, object: KubernetesObject, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw StatusError.invalid(kind, object.metadata.name ?? '', errors)
}
