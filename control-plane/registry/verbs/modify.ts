// Read, change, write if nobody else wrote in between, else again: what every verb that changes an object does.
// It begins with the cached object, which may be old: a refusal is believed only when made on the newest one.
import { StatusError } from '../../../api/errors.ts'
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import type { Entry, Revision, Write, WriteResult } from '../../store/store.ts'
import { atRevision, encode, encoded } from '../cache/codec.ts'
import type { ResourceCache } from '../cache/resource-cache.ts'
import type { ApiObject, Encoded, RequestContext, Target } from '../contract.ts'
import { cacheKey, keyPrefix } from '../keys.ts'
import { jsonEqual, toJson } from '../patch/json.ts'
import type { Reservation } from '../strategies/strategy.ts'
import type { Served } from './served.ts'
import { maxObjectBytes, storeError, tooLarge, withStoreErrors } from './store-errors.ts'

export type Decision =
  /** Writes the object, unless it says what stands there already. */
  | { readonly to: 'write'; readonly object: KubernetesObject; readonly reservation?: Reservation | undefined }
  | { readonly to: 'remove'; readonly object?: KubernetesObject; readonly reservation?: Reservation | undefined }
  /** Leaves everything as it is. */
  | { readonly to: 'keep' }

export interface Modification {
  readonly target: Target
  /** What shall become of the object. Asked again when somebody else was faster. @throws StatusError to refuse */
  decide(current: ApiObject): Decision | Promise<Decision>
}

export type Modified = Finished | Failed
interface Finished {
  readonly ok: true
  readonly encoded: Encoded
  readonly gone: boolean
}
interface Failed {
  readonly ok: false
  readonly error: StatusError
}

/** How often a modification is tried against others who write the same object. */
const maxAttempts = 32

interface Current extends Encoded {
  readonly revision: Revision
}

interface Attempt {
  readonly modification: Modification
  readonly key: string
  current: Current | undefined
  /** Nothing newer was there when it was read, after the request came. */
  certain: boolean
  decision: Decision | undefined
  outcome: Modified | undefined
}

/** One object. @throws StatusError */
export async function modify(
  served: Served,
  modification: Modification,
  context: RequestContext,
): Promise<{ readonly encoded: Encoded; readonly gone: boolean }> {
  const [outcome] = await modifyAll(served, [modification], context)
  if (outcome === undefined) throw StatusError.internalError('a modification has no outcome')
  if (!outcome.ok) throw outcome.error
  return outcome
}

/** Many objects, each with an outcome of its own; the writes share commits. */
export async function modifyAll(
  served: Served,
  modifications: readonly Modification[],
  context: RequestContext,
): Promise<Modified[]> {
  const attempts = modifications.map((modification): Attempt => {
    const key = cacheKey(served.storage, modification.target)
    return {
      modification,
      key,
      current: served.cache.get(key),
      certain: false,
      decision: undefined,
      outcome: undefined,
    }
  })
  // Without a write at its end nothing tells that the cached object was old.
  if (context.dryRun === true) await Promise.all(attempts.map(attempt => refresh(served, attempt, context)))
  for (let round = 0; round < maxAttempts; round++) {
    const open = attempts.filter(({ outcome }) => outcome === undefined)
    if (open.length === 0) break
    await Promise.all(open.map(attempt => decide(served, attempt, context)))
    await commit(served, open, context)
  }
  return attempts.map(({ outcome, modification }) => outcome ?? fail(contended(served, modification.target.name)))
}

async function decide(served: Served, attempt: Attempt, context: RequestContext): Promise<void> {
  try {
    attempt.decision = await decideOn(served, attempt)
  } catch (error) {
    if (attempt.certain) {
      attempt.outcome = fail(StatusError.of(error))
      return
    }
    try {
      if (await refresh(served, attempt, context)) attempt.decision = await decideOn(served, attempt)
      else attempt.outcome = fail(StatusError.of(error))
    } catch (certainError) {
      attempt.outcome = fail(StatusError.of(certainError))
    }
  }
}

async function decideOn({ kind }: Served, { current, modification }: Attempt): Promise<Decision> {
  if (current === undefined) throw StatusError.notFound(kind, modification.target.name)
  return modification.decide(current.object)
}

/** Reads what stands there now. @returns whether it is something else than was known */
async function refresh({ storage, store, cache }: Served, attempt: Attempt, context: RequestContext): Promise<boolean> {
  const { entry } = await withStoreErrors(() => store.get(keyPrefix(storage) + attempt.key, context.signal))
  attempt.certain = true
  if (entry?.revision === attempt.current?.revision) return false
  attempt.current = entry && currentOf(cache, entry)
  return true
}

const currentOf = (cache: ResourceCache, { value, revision }: Entry): Current => ({
  revision,
  ...cache.decode(value, revision),
})

/** To change nothing is right only if nothing has changed. */
async function keep(served: Served, attempt: Attempt, current: Current, context: RequestContext): Promise<void> {
  try {
    if (!attempt.certain && (await refresh(served, attempt, context))) attempt.decision = undefined
    else attempt.outcome = { ok: true, encoded: current, gone: false }
  } catch (error) {
    attempt.outcome = fail(StatusError.of(error))
  }
}

interface Planned {
  readonly attempt: Attempt
  readonly write: Write
  readonly finish: (revision: Revision) => Finished
}

async function commit(served: Served, attempts: readonly Attempt[], context: RequestContext): Promise<void> {
  const planned: Planned[] = []
  for (const attempt of attempts) {
    const plan = await planWrite(served, attempt, context)
    if (plan !== undefined) planned.push(plan)
  }
  if (planned.length === 0) return
  if (context.dryRun === true) {
    for (const { attempt, finish } of planned) {
      attempt.outcome = finish(attempt.current?.revision ?? 0)
      await reservationOf(attempt)?.abandon()
    }
    return
  }
  const writes = planned.map(({ write }) => write)
  let results: WriteResult[]
  try {
    results = await served.store.commit(writes, context.signal)
  } catch (error) {
    // Nothing is known of the writes, so nothing that was reserved for them is given back.
    for (const { attempt } of planned) attempt.outcome = fail(storeError(error))
    return
  }
  for (const [index, plan] of planned.entries()) await settle(served, plan, results[index])
}

/** The write an attempt comes to; undefined when there is none, or not yet. */
async function planWrite(served: Served, attempt: Attempt, context: RequestContext): Promise<Planned | undefined> {
  const { current, decision, outcome } = attempt
  if (current === undefined || decision === undefined || outcome !== undefined) return undefined
  const key = keyPrefix(served.storage) + attempt.key
  const expect = current.revision
  if (decision.to === 'remove') {
    const last = decision.object === undefined ? current : encoded(decision.object, encode(decision.object), expect)
    const finish = (revision: Revision): Finished => ({ ok: true, encoded: atRevision(last, revision), gone: true })
    return { attempt, write: { key, value: undefined, expect }, finish }
  }
  if (decision.to === 'keep' || unchanged(decision.object, current.object)) {
    await reservationOf(attempt)?.abandon()
    await keep(served, attempt, current, context)
    return undefined
  }
  const { object } = decision
  const value = encode(object)
  if (value.length > maxObjectBytes) {
    await reservationOf(attempt)?.abandon()
    attempt.outcome = fail(tooLarge(value.length))
    return undefined
  }
  const { ttlSeconds } = served.storage
  const finish = (revision: Revision): Finished => ({
    ok: true,
    encoded: encoded(object, value, revision),
    gone: false,
  })
  return { attempt, write: { key, value, expect, ...(ttlSeconds !== undefined && { ttlSeconds }) }, finish }
}

async function settle(served: Served, { attempt, finish }: Planned, result: WriteResult | undefined): Promise<void> {
  if (result?.ok !== true) {
    await reservationOf(attempt)?.abandon()
    attempt.current = result?.current && currentOf(served.cache, result.current)
    attempt.certain = true
    attempt.decision = undefined
    return
  }
  const finished = finish(result.revision)
  attempt.outcome = finished
  served.feed.announce(served.cache, result.revision, finished.gone ? undefined : finished.encoded)
  await reservationOf(attempt)?.confirm()
  if (finished.gone) await served.strategy.release?.(finished.encoded.object)
}

const reservationOf = ({ decision }: Attempt): Reservation | undefined =>
  decision === undefined || decision.to === 'keep' ? undefined : decision.reservation

/** Writing what stands there already would only wake every watcher. */
function unchanged(object: KubernetesObject, current: ApiObject): boolean {
  const { resourceVersion } = current.metadata
  return jsonEqual(toJson({ ...object, metadata: { ...object.metadata, resourceVersion } }), toJson(current))
}

const fail = (error: StatusError): Failed => ({ ok: false, error })

const contended = ({ kind }: Served, name: string): StatusError =>
  StatusError.conflict(kind, name, `others kept writing it during ${maxAttempts} attempts; please try again`)
