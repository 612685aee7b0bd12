import { StatusError } from '../../../api/errors.ts'
import type { Kind, KubernetesObject } from '../../../api/kinds/kind.ts'
import type { Status } from '../../../api/kinds/meta-v1/status.ts'
import { millisecondsOf, timeOf } from '../../../api/values/time.ts'
import type { ApiObject, Deleted, DeleteOptions, RequestContext, Target } from '../contract.ts'
import { type Decision, modify } from './modify.ts'
import { isReleased, type Served } from './served.ts'
import { attributesOf, together } from './write.ts'

/**
 * Deletes an object, or marks it as to be deleted while a grace period or finalizers hold it.
 * @throws StatusError: 403 not admitted, 404, 409 a precondition failed
 */
export async function remove(
  served: Served,
  target: Target,
  options: DeleteOptions,
  context: RequestContext,
): Promise<Deleted> {
  const { kind, storage, version, admission } = served
  let warnings: string[] = []
  const decide = async (current: ApiObject): Promise<Decision> => {
    checkPreconditions(served, options, current)
    warnings = []
    const request = { served, target, context, operation: 'delete', deletion: options, warnings } as const
    const attributes = attributesOf(request, { old: current })
    await admission.mutate(attributes)
    await admission.validate(attributes)
    const decision = decideDeletion(served, options, current)
    if (decision.to !== 'remove') return decision
    return { ...decision, reservation: together(await admission.reserve(attributes)) }
  }
  const { encoded, gone } = await modify(served, { target, decide }, context)
  if (!gone || storage.returnDeletedObject) return { ...version.present(encoded), gone, warnings }
  const status = success(kind, encoded.object)
  return { object: status, json: Buffer.from(JSON.stringify(status)), gone, warnings }
}

/** What a deletion makes of an object. */
function decideDeletion(served: Served, options: DeleteOptions, current: ApiObject): Decision {
  const { storage, strategy, clock } = served
  const object: KubernetesObject = { ...current, metadata: { ...current.metadata } }
  const finalizers = wantedFinalizers(storage, object.metadata.finalizers ?? [], options.propagationPolicy)
  const requested = options.gracePeriodSeconds
  const grace = storage.gracePeriodSeconds(current, requested === undefined ? undefined : atLeastZero(requested))
  if (current.metadata.deletionTimestamp !== undefined) return shorten(served, object, requested, grace)
  const held = finalizers.length > 0 || strategy.holdsDeletion?.(current) === true
  if (!held && (grace ?? 0) === 0) return { to: 'remove' }
  if (finalizers.length > 0) object.metadata.finalizers = finalizers
  else delete object.metadata.finalizers
  object.metadata.deletionTimestamp = timeOf(clock.now() + (grace ?? 0) * 1000)
  object.metadata.deletionGracePeriodSeconds = grace ?? 0
  if (object.metadata.generation !== undefined) object.metadata.generation++
  strategy.prepareForDeletion?.(object)
  return { to: 'write', object }
}

/** A deletion is under way: it can only be made to come sooner. */
function shorten(
  served: Served,
  object: KubernetesObject,
  requested: number | undefined,
  grace: number | undefined,
): Decision {
  const { deletionTimestamp, deletionGracePeriodSeconds: present = 0 } = object.metadata
  if (grace === undefined || requested === undefined || grace >= present) return { to: 'keep' }
  if (grace === 0 && isReleased(served, object)) return { to: 'remove' }
  const dueMs = millisecondsOf(deletionTimestamp) ?? 0
  object.metadata.deletionTimestamp = timeOf(dueMs - (present - grace) * 1000)
  object.metadata.deletionGracePeriodSeconds = grace
  return { to: 'write', object }
}

/** A negative period has meant "as fast as it goes politely" since Kubernetes 1.25. */
const atLeastZero = (seconds: number): number => (seconds < 0 ? 1 : seconds)

/**
 * The propagation policy lives in finalizers, which the garbage collector takes off: what the request says, else what
 * the object's finalizers say, else what its kind says.
 */
function wantedFinalizers(
  { defaultPropagationPolicy }: Kind,
  present: readonly string[],
  requested: DeleteOptions['propagationPolicy'],
): string[] {
  const others = present.filter(finalizer => finalizer !== 'orphan' && finalizer !== 'foregroundDeletion')
  const policy = requested ?? (others.length < present.length ? undefined : defaultPropagationPolicy)
  if (policy === undefined || defaultPropagationPolicy === 'Unsupported') return [...present]
  if (policy === 'Orphan') return [...others, 'orphan']
  return policy === 'Foreground' ? [...others, 'foregroundDeletion'] : others
}

function checkPreconditions({ kind }: Served, { preconditions = {} }: DeleteOptions, current: ApiObject): void {
  const { uid, resourceVersion, name } = current.metadata
  const failed = (what: string, wanted: string, actual: string, happened: string): never => {
    const record = `does not match the ${what} in record (${actual}). The object might have been ${happened}`
    // Told of the kind, not of the resource, as Kubernetes does.
    throw StatusError.conflict(
      { ...kind, resource: kind.kind },
      name,
      `the ${what} in the precondition (${wanted}) ${record}`,
    )
  }
  if (preconditions.uid !== undefined && preconditions.uid !== uid) {
    failed('UID', preconditions.uid, uid, 'deleted and then recreated')
  }
  if (preconditions.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion) {
    failed('ResourceVersion', preconditions.resourceVersion, resourceVersion, 'modified')
  }
}

function success({ group, resource }: Kind, { metadata: { name, uid } }: ApiObject): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(group !== '' && { group }), kind: resource, uid },
  }
}
