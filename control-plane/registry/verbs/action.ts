// A POST that does something: its body is understood, admitted and judged here; what it does is its strategy's.
import { StatusError } from '../../../api/errors.ts'
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import type { BodyKind } from '../../../api/kinds/subresource.ts'
import type { Body, RequestContext, Target, Written } from '../contract.ts'
import type { ActionFunction } from '../strategies/strategy.ts'
import { decodeBody } from './decode-body.ts'
import { placeAt } from './metadata.ts'
import type { Served } from './served.ts'
import { attributesOf, type WriteRequest } from './write.ts'

/** @throws StatusError: 400 body, 403 not admitted, 422 invalid, and what the action itself finds */
export async function act(
  served: Served,
  kind: BodyKind,
  action: ActionFunction,
  target: Target,
  sent: Body,
  context: RequestContext,
): Promise<Written> {
  const { object: body, warnings } = decodeBody(kind, sent, context, served.registers)
  placeAt(served.kind, body, target)
  kind.setDefaults(body)
  const request: WriteRequest = { served, target, context, operation: 'create', warnings: [...warnings] }
  await admitAction(request, body, () => {
    const errors = kind.validate(body)
    if (errors.length > 0) throw StatusError.invalid(kind, body.metadata.name ?? '', errors)
  })
  const answer = await action({ target, body, context })
  return { ...answer, warnings: request.warnings, created: true }
}

/** @param validate between the plugins that mutate and those that validate @throws StatusError */
export async function admitAction(
  request: WriteRequest,
  body: KubernetesObject,
  validate: () => void = () => {},
): Promise<void> {
  const { admission } = request.served
  const attributes = attributesOf(request, { object: body })
  await admission.mutate(attributes)
  validate()
  await admission.validate(attributes)
}
