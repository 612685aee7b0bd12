import { isStatus, StatusError } from '../../../api/errors.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { encode, encoded } from '../cache/codec.ts'
import type { Body, Encoded, RequestContext, Target, Written } from '../contract.ts'
import type { Draft } from '../strategies/strategy.ts'
import { decodeBody, setDefaults } from './decode-body.ts'
import { fillNew, generatedName, placeAt } from './metadata.ts'
import { admitToNamespace } from './namespace-guard.ts'
import { cacheKey, keyPrefix, type Served, tracksGeneration } from './served.ts'
import { storeError } from './store-errors.ts'
import { validateNew } from './validation.ts'

/** How many generated names are tried before the last one's collision is told. */
const maxNames = 8

/** @throws StatusError: 400 body, 403 namespace terminating, 404 namespace, 409 exists, 422 invalid */
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
  setDefaults(kind, draft)
  strategy.prepareCreate?.(draft)
  validateNew(served, draft)
  const claims = await strategy.claim?.(draft, undefined)
  let written: Encoded | undefined
  try {
    written = context.dryRun === true ? await pretend(served, draft, context) : await write(served, draft, context)
  } finally {
    // A commit whose outcome is unknown (503) gives nothing back either: the claim's owner is looked for later.
    if (written === undefined || context.dryRun === true) await claims?.abandon()
    else await claims?.confirm()
  }
  return written ?? raise(StatusError.alreadyExists(kind, draft.metadata.name ?? ''))
}

/** Undefined: there is one of that name. */
async function write(served: Served, draft: Draft, context: RequestContext): Promise<Encoded | undefined> {
  const { kind, strategy, store, feed } = served
  const value = encode(draft)
  const { ttlSeconds } = strategy
  try {
    const [result] = await store.commit(
      [{ key: keyOf(kind, draft), value, expect: 0, ...(ttlSeconds !== undefined && { ttlSeconds }) }],
      context.signal,
    )
    if (result?.ok !== true) return undefined
    const written = encoded(draft, value, result.revision)
    feed.announce(result.revision, written)
    return written
  } catch (error) {
    throw storeError(error)
  }
}

async function pretend(served: Served, draft: Draft, context: RequestContext): Promise<Encoded | undefined> {
  const { entry } = await served.store.get(keyOf(served.kind, draft), context.signal).catch(raiseStoreError)
  if (entry !== undefined) return undefined
  const object = encoded(draft, encode(draft), 0).object
  const { resourceVersion: _, ...metadata } = object.metadata
  return { object, json: encode({ ...object, metadata }) }
}

const keyOf = (kind: Kind, { metadata: { namespace = '', name = '' } }: Draft): string =>
  keyPrefix(kind) + cacheKey(kind, { namespace, name })

const raiseStoreError = (error: unknown): never => raise(storeError(error))

function raise(error: Error): never {
  throw error
}
