// A pod's node: set once, by whoever schedules.
import { StatusError } from '../../../api/errors.ts'
import { bindings as bindingKind, type Pod } from '../../../api/kinds/core-v1.ts'
import type { Status } from '../../../api/kinds/meta-v1/status.ts'
import { required } from '../../../api/schema/field-error.ts'
import { timeOf } from '../../../api/values/time.ts'
import { admit } from '../admission/admit.ts'
import type { ApiObject, Binding, Body, Outcome, RequestContext, Target, Written } from '../contract.ts'
import { withCondition } from '../strategies/conditions.ts'
import { isPod } from '../strategies/pod.ts'
import { decodeBody } from './decode-body.ts'
import { placeAt } from './metadata.ts'
import { type Decision, modifyAll } from './modify.ts'
import type { Served } from './served.ts'
import { outcomeOf } from './update-statuses.ts'

/** Binds pods, all in one commit. */
export async function bind(pods: Served, bindings: readonly Binding[], context: RequestContext): Promise<Outcome[]> {
  const modifications = bindings.map(binding => ({
    target: binding,
    decide: (current: ApiObject): Decision => ({ to: 'write', draft: bound(pods, binding, current, {}, context) }),
  }))
  return (await modifyAll(pods, modifications, context)).map(outcomeOf)
}

/** The body of pods/binding. @throws StatusError: 400 or 422 body, 404, 409 bound already */
export async function createBinding(
  pods: Served,
  target: Target,
  body: Body,
  context: RequestContext,
): Promise<Written> {
  const { draft, warnings } = decodeBody(bindingKind, body, context)
  placeAt(bindingKind, draft, target)
  const { namespace = '', name = '', uid = '', annotations = {} } = draft.metadata
  const { kind = '', name: node = '' } = draft.target
  if (kind !== '' && kind !== 'Node') {
    throw StatusError.badRequest(`invalid target kind ${JSON.stringify(kind)}: a pod is bound to a Node`)
  }
  if (node === '') throw StatusError.invalid(bindingKind, name, [required('target.name')])
  const binding = { namespace, name, uid, node }
  const decide = (current: ApiObject): Decision => ({
    to: 'write',
    draft: bound(pods, binding, current, annotations, context),
  })
  const [outcome] = await modifyAll(pods, [{ target: binding, decide }], context)
  if (outcome?.ok !== true) throw outcome?.error ?? StatusError.internalError('a binding has no outcome')
  const object: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
  return { object, json: Buffer.from(JSON.stringify(object)), warnings }
}

function bound(
  pods: Served,
  { uid, node, namespace, name }: Binding,
  current: ApiObject,
  annotations: Readonly<Record<string, string>>,
  context: RequestContext,
): Pod {
  const { kind, clock } = pods
  admit(pods, { operation: 'create', target: { namespace, name, subresource: 'binding' }, current }, context)
  if (!isPod(current)) throw StatusError.internalError(`${name} is no pod`)
  const { metadata, spec, status } = current
  const refuse = (why: string): never => {
    throw StatusError.conflict({ group: '', resource: 'pods/binding' }, name, why)
  }
  if (uid !== '' && uid !== metadata.uid) {
    throw StatusError.conflict(
      kind,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`,
    )
  }
  if (metadata.deletionTimestamp !== undefined) refuse(`pod ${name} is being deleted, cannot be assigned to a host`)
  if ((spec.nodeName ?? '') !== '') refuse(`pod ${name} is already assigned to node ${JSON.stringify(spec.nodeName)}`)
  if ((spec.schedulingGates ?? []).length > 0) refuse(`pod ${name} has non-empty .spec.schedulingGates`)
  const condition = { type: 'PodScheduled', status: 'True', lastTransitionTime: timeOf(clock.now()) } as const
  return {
    ...current,
    metadata: {
      ...metadata,
      ...(Object.keys(annotations).length > 0 && { annotations: { ...metadata.annotations, ...annotations } }),
    },
    spec: { ...spec, nodeName: node },
    status: { ...status, conditions: withCondition(status.conditions ?? [], condition) },
  }
}
