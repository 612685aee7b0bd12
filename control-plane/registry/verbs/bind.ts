// A pod's node: set once, by whoever schedules.
import { StatusError } from '../../../api/errors.ts'
import { type Binding as BindingObject, bindings as bindingKind } from '../../../api/kinds/core-v1/binding.ts'
import { type Pod, pods as podKind } from '../../../api/kinds/core-v1/pod.ts'
import type { Status } from '../../../api/kinds/meta-v1/status.ts'
import { timeOf } from '../../../api/values/time.ts'
import { objectOf } from '../admission/objects.ts'
import type { ApiObject, Binding, Outcome, RequestContext, Written } from '../contract.ts'
import { withCondition } from '../strategies/conditions.ts'
import type { ActionRequest } from '../strategies/strategy.ts'
import { admitAction } from './action.ts'
import { type Decision, modifyAll } from './modify.ts'
import type { Served } from './served.ts'
import { outcomeOf } from './update-statuses.ts'

/** Binds pods, all in one commit. */
export async function bind(pods: Served, bindings: readonly Binding[], context: RequestContext): Promise<Outcome[]> {
  const modifications = bindings.map(binding => ({
    target: binding,
    async decide(current: ApiObject): Promise<Decision> {
      const { namespace, name } = binding
      const target = { namespace, name, subresource: 'binding' }
      await admitAction({ served: pods, target, context, operation: 'create', warnings: [] }, objectFor(binding))
      return { to: 'write', object: bound(pods, binding, current, {}) }
    },
  }))
  return (await modifyAll(pods, modifications, context)).map(modified => outcomeOf(pods, modified))
}

const objectFor = ({ namespace, name, uid, node }: Binding): BindingObject => ({
  apiVersion: bindingKind.apiVersion,
  kind: bindingKind.kind,
  metadata: { namespace, name, ...(uid !== '' && { uid }) },
  target: { kind: 'Node', name: node },
})

/** The body of pods/binding. @throws StatusError: 404, 409 bound already */
export async function createBinding(
  pods: Served,
  { body, context }: ActionRequest,
): Promise<Omit<Written, 'warnings'>> {
  const { metadata, target } = objectOf(bindingKind, body)
  const { namespace = '', name = '', uid = '', annotations = {} } = metadata
  const binding = { namespace, name, uid, node: target.name ?? '' }
  const decide = (current: ApiObject): Decision => ({
    to: 'write',
    object: bound(pods, binding, current, annotations),
  })
  const [outcome] = await modifyAll(pods, [{ target: binding, decide }], context)
  if (outcome?.ok !== true) throw outcome?.error ?? StatusError.internalError('a binding has no outcome')
  const object: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
  return { object, json: Buffer.from(JSON.stringify(object)) }
}

function bound(
  { kind, clock }: Served,
  { uid, node, name }: Binding,
  current: ApiObject,
  annotations: Readonly<Record<string, string>>,
): Pod {
  const pod = objectOf(podKind, current)
  const { metadata, spec, status } = pod
  const refuse = (why: string): never => {
    throw StatusError.conflict({ group: '', resource: 'pods/binding' }, name, why)
  }
  if (uid !== '' && uid !== metadata.uid) {
    throw StatusError.conflict(
      kind,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid ?? ''}`,
    )
  }
  if (metadata.deletionTimestamp !== undefined) refuse(`pod ${name} is being deleted, cannot be assigned to a host`)
  if ((spec.nodeName ?? '') !== '') refuse(`pod ${name} is already assigned to node ${JSON.stringify(spec.nodeName)}`)
  if ((spec.schedulingGates ?? []).length > 0) refuse(`pod ${name} has non-empty .spec.schedulingGates`)
  const condition = { type: 'PodScheduled', status: 'True', lastTransitionTime: timeOf(clock.now()) } as const
  return {
    ...pod,
    metadata: {
      ...metadata,
      ...(Object.keys(annotations).length > 0 && { annotations: { ...metadata.annotations, ...annotations } }),
    },
    spec: { ...spec, nodeName: node },
    status: { ...status, conditions: withCondition(status.conditions ?? [], condition) },
  }
}
