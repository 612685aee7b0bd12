import { StatusError } from '../../../api/errors.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import type { Status } from '../../../api/kinds/meta-v1/status.ts'
import { millisecondsOf, timeOf } from '../../../api/values/time.ts'
import { admit } from '../admission/admit.ts'
import type { ApiObject, Deleted, DeleteOptions, RequestContext, Target } from '../contract.ts'
import type { Draft } from '../strategies/strategy.ts'
import { type Decision, modify } from './modify.ts'
import type { Served } from './served.ts'

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
  const decide = (current: ApiObject): Decision => {
    checkPreconditions(served, options, current)
    admit(served, { operation: 'delete', target, current }, context)
    return decideDeletion(served, options, current)
  }
  const { encoded, gone } = await modify(served, { target, decide }, context)
  if (!gone || served.strategy.answersDeleted === true) return { ...encoded, gone }
  const status = success(served.kind, encoded.object)
  return { object: status, json: Buffer.from(JSON.stringify(status)), gone }
}

/** What a deletion makes of an object. */
function decideDeletion(served: Served, options: DeleteOptions, current: ApiObject): Decision {
  const { strategy, clock } = served
  strategy.refuseDeletion?.(current)
  const draft: Draft = { ...current, metadata: { ...current.metadata } }
  const finalizers = wantedFinalizers(draft.metadata.finalizers ?? [], options.propagationPolicy)
  const requested = options.gracePeriodSeconds
  const grace = strategy.gracePeriodSeconds?.(current, requested === undefined ? undefined : atLeastZero(requested))
  if (current.metadata.deletionTimestamp !== undefined) return shorten(served, draft, requested, grace)
  const held = finalizers.length > 0 || strategy.holdsDeletion?.(current) === true
  if (!held && (grace ?? 0) === 0) return { to: 'remove' }
  if (finalizers.length > 0) draft.metadata.finalizers = finalizers
  else delete draft.metadata.finalizers
  draft.metadata.deletionTimestamp = timeOf(clock.now() + (grace ?? 0) * 1000)
  draft.metadata.deletionGracePeriodSeconds = grace ?? 0
  if (draft.metadata.generation !== undefined) draft.metadata.generation++
  strategy.prepareDeletion?.(draft)
  return { to: 'write', draft }
}

/** A deletion is under way: it can only be made to come sooner. */
function shorten(
  { strategy }: Served,
  draft: Draft,
  requested: number | undefined,
  grace: number | undefined,
): Decision {
  const { deletionTimestamp, deletionGracePeriodSeconds: present = 0, finalizers = [] } = draft.metadata
  if (grace === undefined || requested === undefined || grace >= present) return { to: 'keep' }
  if (grace === 0 && finalizers.length === 0 && strategy.holdsDeletion?.(draft) !== true) return { to: 'remove' }
  const dueMs = millisecondsOf(deletionTimestamp) ?? 0
  draft.metadata.deletionTimestamp = timeOf(dueMs - (present - grace) * 1000)
  draft.metadata.deletionGracePeriodSeconds = grace
  return { to: 'write', draft }
}

/** A negative period has meant "as fast as it goes politely" since Kubernetes 1.25. */
const atLeastZero = (seconds: number): number => (seconds < 0 ? 1 : seconds)

/** The propagation policy lives in finalizers, which the garbage collector takes off. */
function wantedFinalizers(present: readonly string[], policy: DeleteOptions['propagationPolicy']): string[] {
  if (policy === undefined) return [...present]
  const others = present.filter(finalizer => finalizer !== 'orphan' && finalizer !== 'foregroundDeletion')
  if (policy === 'Orphan') return [...others, 'orphan']
  return policy === 'Foreground' ? [...others, 'foregroundDeletion'] : others
}

function checkPreconditions({ kind }: Served, { preconditions = {} }: DeleteOptions, current: ApiObject): void {
  const { uid, resourceVersion, name } = current.metadata
  const failed = (what: string, wanted: string, actual: string): never => {
    const why = `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${actual}`
    throw StatusError.conflict(kind, name, why)
  }
  if (preconditions.uid !== undefined && preconditions.uid !== uid) failed('UID', preconditions.uid, uid)
  if (preconditions.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion) {
    failed('ResourceVersion', preconditions.resourceVersion, resourceVersion)
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
