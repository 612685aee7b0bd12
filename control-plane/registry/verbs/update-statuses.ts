// Many statuses, one commit: what node agents report.
import { StatusError } from '../../../api/errors.ts'
import type { Body, Outcome, RequestContext } from '../contract.ts'
import { decodeBody } from './decode-body.ts'
import { formOf } from './form.ts'
import { type Modification, type Modified, modifyAll } from './modify.ts'
import type { Served } from './served.ts'
import { updateBy } from './update.ts'

/** Writes the status of each body; where a body gives a uid or resourceVersion, the object must have it. */
export async function updateStatuses(
  served: Served,
  bodies: readonly Body[],
  context: RequestContext,
): Promise<Outcome[]> {
  const refused = new Map<number, StatusError>()
  const modifications = new Map<number, Modification>()
  for (const [index, body] of bodies.entries()) {
    try {
      modifications.set(index, statusUpdate(served, body, context))
    } catch (error) {
      refused.set(index, StatusError.of(error))
    }
  }
  const modified = await modifyAll(served, [...modifications.values()], context)
  const outcomes = new Map([...modifications.keys()].map((index, at) => [index, modified[at]]))
  return bodies.map((_, index) => {
    const error = refused.get(index)
    return error === undefined ? outcomeOf(served, outcomes.get(index)) : { ok: false, error }
  })
}

function statusUpdate(served: Served, body: Body, context: RequestContext): Modification {
  const sent = decodeBody(served.kind, body, context, served.registers)
  const { namespace = '', name = '' } = sent.object.metadata
  const target = { namespace, name, subresource: 'status' }
  const { decide } = updateBy(served, formOf(served, target), target, body, context, sent)
  return { target, decide }
}

export function outcomeOf({ version }: Served, modified: Modified | undefined): Outcome {
  if (modified === undefined) return { ok: false, error: StatusError.internalError('a write has no outcome') }
  return modified.ok ? { ok: true, ...version.present(modified.encoded) } : modified
}
