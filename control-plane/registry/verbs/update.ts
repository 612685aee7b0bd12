import { StatusError } from '../../../api/errors.ts'
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import { invalid } from '../../../api/schema/field-error.ts'
import { admit } from '../admission/admit.ts'
import type { ApiObject, Body, RequestContext, Target, Written } from '../contract.ts'
import type { Draft } from '../strategies/strategy.ts'
import { decodeBody, setDefaults } from './decode-body.ts'
import { countGeneration, keepServerOwned, placeAt } from './metadata.ts'
import { type Decision, modify } from './modify.ts'
import { type Served, tracksGeneration } from './served.ts'
import { asking } from './store-errors.ts'
import { validateStatus, validateUpdate } from './validation.ts'

/** @throws StatusError: 400 body, 403 not admitted, 404 no such object (an update creates none), 409 modified meanwhile, 422 invalid */
export async function update(served: Served, target: Target, body: Body, context: RequestContext): Promise<Written> {
  const { kind } = served
  const { draft: sent, warnings } = decodeBody(kind, body, context)
  placeAt(kind, sent, target)
  setDefaults(kind, sent)
  const decide = (current: ApiObject): Promise<Decision> => decideUpdate(served, target, sent, current, context)
  const { encoded } = await modify(served, { target, decide }, context)
  return { ...encoded, warnings }
}

/** What an object becomes when it is sent anew. `sent` stays as it is: others may have written, and then it is asked again. */
export async function decideUpdate(
  served: Served,
  target: Target,
  sent: KubernetesObject,
  current: ApiObject,
  context: RequestContext,
): Promise<Decision> {
  const { strategy } = served
  const { subresource = '' } = target
  checkPreconditions(served, sent, current)
  const draft: Draft = { ...bySubresource(served, subresource, sent, current) }
  draft.metadata = { ...draft.metadata }
  keepServerOwned(draft, current)
  // After the preconditions: whoever wrote from an old version is told so, not accused of undoing what others wrote.
  admit(served, { operation: 'update', target, object: draft, current }, context)
  if (subresource === 'status') {
    strategy.prepareStatusUpdate?.(draft, current)
    validateStatus(served, draft, current)
  } else if (subresource === '') {
    strategy.prepareUpdate?.(draft, current)
    validateUpdate(served, draft, current)
  }
  if (tracksGeneration(served)) countGeneration(draft, current)
  if (isFinished(served, draft)) return { to: 'remove', draft }
  const claims = subresource === '' ? await asking(async () => strategy.claim?.(draft, current)) : undefined
  return { to: 'write', draft, claims }
}

/** Main: all but the status. Status: the status, and those parts of metadata that are the user's. */
function bySubresource({ kind, strategy }: Served, subresource: string, sent: Draft, current: Draft): Draft {
  const hasStatus = kind.subresources.some(({ name }) => name === 'status')
  if (subresource === '') return hasStatus ? withStatus(sent, current.status) : sent
  if (subresource === 'status' && hasStatus) {
    const metadata = { ...sent.metadata }
    const { ownerReferences } = current.metadata
    if (ownerReferences === undefined) delete metadata.ownerReferences
    else metadata.ownerReferences = ownerReferences
    return withStatus({ ...current, metadata }, sent.status)
  }
  const updated = strategy.updateSubresource?.(subresource, sent, current)
  if (updated !== undefined) return updated
  throw StatusError.methodNotAllowed({ group: kind.group, resource: `${kind.resource}/${subresource}` }, 'update')
}

function withStatus(draft: Draft, status: unknown): Draft {
  const { status: _, ...rest } = draft
  return status === undefined ? rest : { ...rest, status }
}

function checkPreconditions({ kind, strategy }: Served, sent: KubernetesObject, current: ApiObject): void {
  const { uid = '', resourceVersion = '' } = sent.metadata
  const { name } = current.metadata
  if (uid !== '' && uid !== current.metadata.uid) {
    const what = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`
    throw StatusError.conflict(kind, name, what)
  }
  if (resourceVersion === '' || resourceVersion === '0') {
    if (strategy.unconditionalUpdate === false) {
      throw StatusError.invalid(kind, name, [
        invalid('metadata.resourceVersion', resourceVersion, 'must be specified for an update'),
      ])
    }
  } else if (resourceVersion !== current.metadata.resourceVersion) throw StatusError.modified(kind, name)
}

/** The last thing a deletion waited for is gone. */
function isFinished({ strategy }: Served, draft: Draft): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = draft.metadata
  if (deletionTimestamp === undefined || finalizers.length > 0 || deletionGracePeriodSeconds > 0) return false
  return strategy.holdsDeletion?.(draft) !== true
}
