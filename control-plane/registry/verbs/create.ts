import { isStatus, StatusError } from '../../../api/errors.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { decode } from '../../../api/schema/decode.ts'
import { admitNew } from '../admission/admit.ts'
import { encode, encoded } from '../cache/codec.ts'
import type { Body, Encoded, RequestContext, Target, Written } from '../contract.ts'
import type { Draft } from '../strategies/strategy.ts'
import { decodeBody, setDefaults } from './decode-body.ts'
import { fillNew, generatedName, placeAt } from './metadata.ts'
import { admitToNamespace } from './namespace-guard.ts'
import { cacheKey, keyPrefix, type Served, tracksGeneration } from './served.ts'
import { asking, maxObjectBytes, tooLarge } from './store-errors.ts'
import { validateNew } from './validation.ts'

/** How many generated names are tried before the last one's collision is told. */
const maxNames = 8

/** @throws StatusError: 400 body, 403 not admitted or namespace terminating, 404 namespace, 409 exists, 422 invalid */
export async function create(served: Served, target: Target, body: Body, context: RequestContext): Promise<Written> {
  const { kind } = served
  const { draft, warnings } = decodeBody(kind, body, context)
  placeAt(kind, draft, target)
  if ((draft.metadata.resourceVersion ?? '') !== '') {
    throw StatusError.badRequest('resourceVersion should not be set on objects to be created')
  }
  await admitToNamespace(served, draft, context)
  const { name = '', generateName = '' } = draft.metadata
  if (name !== '' || generateName === '') return { ...(await createDraft(served, draft, context)), warnings }
  for (let attempt = 1; ; attempt++) {
    const named = { ...draft, metadata: { ...draft.metadata, name: generatedName(generateName) } }
    try {
      return { ...(await createDraft(served, named, context)), warnings }
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists') || attempt === maxNames) throw error
    }
  }
}

async function createDraft(served: Served, draft: Draft, context: RequestContext): Promise<Encoded> {
  const { kind, strategy, clock } = served
  fillNew(draft, tracksGeneration(served), clock.now())
  if (strategy.createsStatus !== true) dropStatus(kind, draft)
  setDefaults(kind, draft)
  await admitNew(served, draft, context)
  strategy.prepareCreate?.(draft)
  validateNew(served, draft)
  const claims = await asking(async () => strategy.claim?.(draft, undefined))
  try {
    const written =
      context.dryRun === true ? await pretend(served, draft, context) : await write(served, draft, context)
    await (context.dryRun === true ? claims?.abandon() : claims?.confirm())
    return written
  } catch (error) {
    // Where nothing is known of the write, nothing is given back: whether the claim has an owner shows later.
    if (!isStatus(error, 'ServiceUnavailable')) await claims?.abandon()
    throw error
  }
}

/** Status is what the cluster reports, and of a new object it has reported nothing. */
function dropStatus(kind: Kind, draft: Draft): void {
  if (!kind.subresources.some(({ name }) => name === 'status')) return
  const zero: Draft = decode(kind.schema, {}).object
  if (zero.status === undefined) delete draft.status
  else draft.status = zero.status
}

/** @throws StatusError 409 when there is one of that name */
async function write(served: Served, draft: Draft, context: RequestContext): Promise<Encoded> {
  const { kind, strategy, store, feed, cache } = served
  const value = encode(draft)
  if (value.length > maxObjectBytes) throw tooLarge(value.length)
  const { ttlSeconds } = strategy
  const put = { key: keyOf(kind, draft), value, expect: 0, ...(ttlSeconds !== undefined && { ttlSeconds }) }
  const [result] = await asking(() => store.commit([put], context.signal))
  if (result?.ok !== true) throw StatusError.alreadyExists(kind, draft.metadata.name ?? '')
  const written = encoded(draft, value, result.revision)
  feed.announce(cache, result.revision, written)
  return written
}

async function pretend(served: Served, draft: Draft, context: RequestContext): Promise<Encoded> {
  const { kind, store } = served
  const { entry } = await asking(() => store.get(keyOf(kind, draft), context.signal))
  if (entry !== undefined) throw StatusError.alreadyExists(kind, draft.metadata.name ?? '')
  const { object } = encoded(draft, encode(draft), 0)
  return { object: { ...object, metadata: { ...object.metadata, resourceVersion: '' } }, json: encode(draft) }
}

const keyOf = (kind: Kind, { metadata: { namespace = '', name = '' } }: Draft): string =>
  keyPrefix(kind) + cacheKey(kind, { namespace, name })
