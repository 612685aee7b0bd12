import { StatusError } from '../../../api/errors.ts'
import type { BodyKind } from '../../../api/kinds/subresource.ts'
import type { ApiObject, PatchType, RequestContext, Target, Written } from '../contract.ts'
import { isObject, type Json, type JsonObject, PatchError, parseJson, toJson } from '../patch/json.ts'
import { applyJsonPatch } from '../patch/json-patch.ts'
import { applyMergePatch } from '../patch/merge-patch.ts'
import { applyStrategicMerge } from '../patch/strategic-merge.ts'
import { apply as applyPatch } from './apply.ts'
import { decodeValue } from './decode-body.ts'
import { formOf, shown } from './form.ts'
import { placeAt } from './metadata.ts'
import { type Decision, modify } from './modify.ts'
import type { Served } from './served.ts'
import { decideUpdate } from './update.ts'
import type { WriteRequest } from './write.ts'

/**
 * Applies the patch to the newest object, again and again until nobody writes in between; a patch that sets
 * metadata.resourceVersion applies to that version only.
 * @throws StatusError: 400 malformed, 403 not admitted, 404, 409 another version, 415 unknown patch type, 422 inapplicable or invalid
 */
export async function patch(
  served: Served,
  target: Target,
  type: PatchType,
  bytes: Uint8Array,
  context: RequestContext,
): Promise<Written> {
  if (type === 'application/apply-patch+yaml') return applyPatch(served, target, bytes, context)
  const form = formOf(served, target)
  const apply = patcher(form.body, type, bytes)
  let request: WriteRequest | undefined
  const decide = (current: ApiObject): Promise<Decision> => {
    const patched = patching(() => apply(toJson(form.read(current))))
    const { object, warnings } = decodeValue(form.body, patched, context)
    placeAt(served.kind, object, target)
    form.setDefaults(object)
    request = { served, target, context, operation: 'update', warnings: [...warnings] }
    return decideUpdate(request, form, object, current)
  }
  const { encoded } = await modify(served, { target, decide }, context)
  return { ...shown(form, served, encoded), warnings: request?.warnings ?? [] }
}

const known: readonly PatchType[] = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
]

function patcher({ schema }: BodyKind, type: PatchType, bytes: Uint8Array): (current: JsonObject) => Json {
  if (!known.includes(type)) throw StatusError.unsupportedMediaType(known)
  const patch = parse(bytes)
  if (type === 'application/json-patch+json') return current => applyJsonPatch(current, patch)
  if (!isObject(patch)) throw StatusError.badRequest('a patch of this type must be a JSON object')
  if (type === 'application/merge-patch+json') return current => applyMergePatch(current, patch)
  return current => applyStrategicMerge(current, patch, schema)
}

function patching(apply: () => Json): JsonObject {
  try {
    const patched = apply()
    if (isObject(patched)) return patched
    throw new PatchError('inapplicable', 'the patched object is no object any more')
  } catch (error) {
    if (!(error instanceof PatchError)) throw error
    throw patchStatus(error)
  }
}

function patchStatus({ fault, message }: PatchError): StatusError {
  switch (fault) {
    case 'malformed':
      return StatusError.badRequest(message)
    case 'inapplicable':
      return StatusError.rejected()
    case 'too-large':
      return StatusError.requestEntityTooLarge(message)
    case 'unspecified':
      return StatusError.unspecified(message)
  }
}

function parse(bytes: Uint8Array): Json {
  try {
    return parseJson(bytes)
  } catch (error) {
    throw StatusError.badRequest(`error decoding patch: ${String(error)}`)
  }
}
