import { isStatus, StatusError } from '../../../api/errors.ts'
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import { invalid } from '../../../api/schema/field-error.ts'
import type { ApiObject, Body, RequestContext, Target, Written } from '../contract.ts'
import { create } from './create.ts'
import { type DecodedBody, decodeBody } from './decode-body.ts'
import { type Form, formOf, shown } from './form.ts'
import { keepServerOwned, placeAt } from './metadata.ts'
import { type Decision, modify } from './modify.ts'
import { isReleased, type Served } from './served.ts'
import { prepareUpdate, type WriteRequest } from './write.ts'

/**
 * @throws StatusError: 400 body, 403 not admitted, 404 no such object (and such an update creates none), 409 modified
 * meanwhile, 422 invalid
 */
export async function update(served: Served, target: Target, body: Body, context: RequestContext): Promise<Written> {
  const form = formOf(served, target)
  const { decide, warnings, first } = updateBy(served, form, target, body, context)
  try {
    const { encoded } = await modify(served, { target, decide }, context)
    return { ...shown(form, served, encoded), warnings: warnings() }
  } catch (error) {
    if (!isStatus(error, 'NotFound') || !mayCreate(served, target, first)) throw error
    context.authorizeCreate?.()
    return create(served, target, body, context)
  }
}

/** An update of one body: what becomes of the object, and what the client is told besides. */
export function updateBy(
  served: Served,
  form: Form,
  target: Target,
  body: Body,
  context: RequestContext,
  decoded = decodeBody(form.body, body, context, served.registers),
) {
  // What is prepared is written into, so an attempt after the first begins with the body again.
  let unused: typeof decoded | undefined = placed(served, form, target, decoded)
  let request: WriteRequest | undefined
  return {
    first: decoded.object,
    warnings: () => request?.warnings ?? [],
    decide(current: ApiObject): Promise<Decision> {
      const sent = unused ?? placed(served, form, target, decodeBody(form.body, body, context, served.registers))
      unused = undefined
      request = { served, target, context, operation: 'update', warnings: [...sent.warnings] }
      return decideUpdate(request, form, sent.object, current)
    },
  }
}

function placed({ kind }: Served, form: Form, target: Target, sent: DecodedBody): DecodedBody {
  placeAt(kind, sent.object, target)
  form.setDefaults(sent.object)
  return sent
}

/** What an object becomes when a body is sent for it. @throws StatusError */
export async function decideUpdate(
  request: WriteRequest,
  form: Form,
  body: KubernetesObject,
  current: ApiObject,
): Promise<Decision> {
  const { served } = request
  // Before admission: whoever wrote from an old version is told so, not accused of undoing what others wrote.
  checkPreconditions(served, body, current)
  form.check(body)
  const object = { ...form.apply(current, body) }
  object.metadata = { ...object.metadata }
  keepServerOwned(object, current)
  const reserve = await prepareUpdate(request, form.view, object, current)
  if (isFinished(served, object)) return { to: 'remove', object }
  return { to: 'write', object, reservation: await reserve() }
}

/** A put of a whole object whose kind allows it, that does not mean a certain version of it. */
function mayCreate({ storage }: Served, { subresource = '' }: Target, { metadata }: KubernetesObject): boolean {
  const { uid = '', resourceVersion = '' } = metadata
  return storage.allowCreateOnUpdate && subresource === '' && uid === '' && resourceVersion === ''
}

function checkPreconditions({ kind, storage }: Served, { metadata }: KubernetesObject, current: ApiObject): void {
  const { uid = '', resourceVersion = '' } = metadata
  const { name } = current.metadata
  if (uid !== '' && uid !== current.metadata.uid) {
    const { namespace } = current.metadata
    const key = ['', 'registry', kind.resource, ...(namespace === undefined ? [] : [namespace]), name].join('/')
    const what = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`
    const stored = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${what}`
    throw StatusError.conflict(kind, name, stored)
  }
  if (resourceVersion === '' || resourceVersion === '0') {
    if (!storage.allowUnconditionalUpdate) {
      throw StatusError.invalid(kind, name, [
        invalid('metadata.resourceVersion', resourceVersion, 'must be specified for an update'),
      ])
    }
  } else if (resourceVersion !== current.metadata.resourceVersion) throw StatusError.modified(kind, name)
}

/** The last thing a deletion waited for is gone. */
function isFinished(served: Served, object: KubernetesObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = object.metadata
  return deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0 && isReleased(served, object)
}
