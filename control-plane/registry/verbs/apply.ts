// Server-side apply: a configuration becomes part of the object, or the object.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/
import { isStatus, StatusError } from '../../../api/errors.ts'
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import type { JsonObject } from '../../../api/schema/message.ts'
import { parseYaml, YamlError } from '../../../lib/yaml.ts'
import type { ApiObject, RequestContext, Target, Written } from '../contract.ts'
import { applyConfiguration } from '../managed-fields/apply-configuration.ts'
import { asJson } from '../managed-fields/write.ts'
import { createObject } from './create.ts'
import { decodeValue } from './decode-body.ts'
import { fieldWrite, requireManager } from './field-managers.ts'
import { type Form, formOf, shown } from './form.ts'
import { placeAt } from './metadata.ts'
import { type Decision, modify } from './modify.ts'
import type { Served } from './served.ts'
import { decideUpdate } from './update.ts'
import type { WriteRequest } from './write.ts'

/**
 * @param bytes YAML, which JSON is
 * @throws StatusError: 400 malformed, 403 not admitted, 409 conflicts with other managers, 422 invalid
 */
export async function apply(
  served: Served,
  target: Target,
  bytes: Uint8Array,
  context: RequestContext,
): Promise<Written> {
  requireManager(context)
  const form = formOf(served, target)
  const config = parse(bytes)
  let request: WriteRequest | undefined
  const decide = (current: ApiObject): Promise<Decision> => {
    const { object, warnings } = merged(served, form, target, config, form.read(current), context)
    request = { served, target, context, operation: 'update', applies: true, warnings: [...warnings] }
    return decideUpdate(request, form, object, current)
  }
  try {
    const { encoded } = await modify(served, { target, decide }, context)
    return { ...shown(form, served, encoded), warnings: request?.warnings ?? [] }
  } catch (error) {
    if (!isStatus(error, 'NotFound') || form.view !== undefined) throw error
    context.authorizeCreate?.()
    return applyNew(served, form, target, config, context)
  }
}

async function applyNew(
  served: Served,
  form: Form,
  target: Target,
  config: JsonObject,
  context: RequestContext,
): Promise<Written> {
  const { object, warnings } = merged(served, form, target, config, undefined, context)
  const { uid = '' } = object.metadata
  if (uid !== '') {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`
    throw StatusError.conflict(served.kind, target.name, why)
  }
  const request: WriteRequest = {
    served,
    target,
    context,
    operation: 'create',
    applies: true,
    warnings: [...warnings],
  }
  return { ...(await createObject(request, object)), warnings: request.warnings, created: true }
}

/** What the object becomes, decoded and in its place, with defaults. */
function merged(
  served: Served,
  form: Form,
  target: Target,
  config: JsonObject,
  live: KubernetesObject | undefined,
  context: RequestContext,
) {
  const { force = false } = context
  const value = applyConfiguration(live, config, fieldWrite(served, target, context), force)
  const decoded = decodeValue(form.body, value, context)
  if ((asJson(decoded.object.metadata)['name'] ?? '') === '') {
    const why = 'was undeterminable: name must be provided'
    throw StatusError.badRequest(`the name of the object (${target.name} based on URL) ${why}`)
  }
  placeAt(served.kind, decoded.object, target)
  form.setDefaults(decoded.object)
  return decoded
}

/** The first document counts. @throws StatusError 400 */
function parse(bytes: Uint8Array): JsonObject {
  try {
    const [config = {}] = parseYaml(Buffer.from(bytes).toString(), 'yaml')
    return typeof config === 'object' && config !== null ? asJson(config) : {}
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    throw StatusError.badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`)
  }
}
