import { isStatus, StatusError } from '../../../api/errors.ts'
import type { Kind, KubernetesObject } from '../../../api/kinds/kind.ts'
import { encode, encoded } from '../cache/codec.ts'
import type { Body, Encoded, RequestContext, Target, Written } from '../contract.ts'
import { cacheKey, keyPrefix } from '../keys.ts'
import { decodeBody } from './decode-body.ts'
import { fillNew, generatedName, placeAt } from './metadata.ts'
import type { Served } from './served.ts'
import { maxObjectBytes, tooLarge, withStoreErrors } from './store-errors.ts'
import { prepareCreate, type WriteRequest } from './write.ts'

/** How many generated names are tried before the last one's collision is told. */
const maxNames = 8

/** @throws StatusError: 400 body, 403 not admitted or namespace terminating, 404 namespace, 409 exists, 422 invalid */
export async function create(served: Served, target: Target, body: Body, context: RequestContext): Promise<Written> {
  const { kind } = served
  for (let attempt = 1; ; attempt++) {
    // What is prepared is written into, so another attempt begins with the body again.
    const { object, warnings } = decodeBody(kind, body, context, served.registers)
    placeAt(kind, object, target)
    const { name = '', generateName = '', resourceVersion = '' } = object.metadata
    if (resourceVersion !== '') {
      throw StatusError.unspecified('resourceVersion should not be set on objects to be created')
    }
    const isGenerated = name === '' && generateName !== ''
    if (isGenerated) object.metadata.name = generatedName(generateName)
    try {
      const request: WriteRequest = { served, target, context, operation: 'create', warnings: [...warnings] }
      return { ...(await createObject(request, object)), warnings: request.warnings, created: true }
    } catch (error) {
      if (!isGenerated || !isStatus(error, 'AlreadyExists') || attempt === maxNames) throw error
    }
  }
}

export async function createObject(request: WriteRequest, sent: KubernetesObject): Promise<Encoded> {
  const { served, context } = request
  const { kind, storage, version, clock } = served
  fillNew(sent, storage.hasGeneration, clock.now())
  kind.setDefaults(sent)
  const object = version.toStorage(sent)
  const reservation = await prepareCreate(request, object)
  try {
    const written = await (context.dryRun === true ? pretend : write)(served, object, context)
    await (context.dryRun === true ? reservation?.abandon() : reservation?.confirm())
    return version.present(written)
  } catch (error) {
    // Where nothing is known of the write, nothing is given back: whether it has an owner shows later.
    if (!isStatus(error, 'ServiceUnavailable')) await reservation?.abandon()
    throw error
  }
}

/** @throws StatusError 409 when there is one of that name */
async function write(served: Served, object: KubernetesObject, context: RequestContext): Promise<Encoded> {
  const { kind, storage, store, feed, cache } = served
  const value = encode(object)
  if (value.length > maxObjectBytes) throw tooLarge(value.length)
  const { ttlSeconds } = storage
  const put = { key: keyOf(storage, object), value, expect: 0, ...(ttlSeconds !== undefined && { ttlSeconds }) }
  const [result] = await withStoreErrors(() => store.commit([put], context.signal))
  if (result?.ok !== true) throw StatusError.alreadyExists(kind, object.metadata.name ?? '')
  const written = encoded(object, value, result.revision)
  feed.announce(cache, result.revision, written)
  return written
}

async function pretend(served: Served, object: KubernetesObject, context: RequestContext): Promise<Encoded> {
  const { kind, storage, store } = served
  const { entry } = await withStoreErrors(() => store.get(keyOf(storage, object), context.signal))
  if (entry !== undefined) throw StatusError.alreadyExists(kind, object.metadata.name ?? '')
  return { object: encoded(object, encode(object), '').object, json: encode(object) }
}

const keyOf = (kind: Kind, { metadata: { namespace = '', name = '' } }: KubernetesObject): string =>
  keyPrefix(kind) + cacheKey(kind, { namespace, name })
