// What the messages of service Api mean to the registry. A decoded message answers '' or 0 for what was not sent;
// the registry's options leave such things out.
import { StatusError } from '../../../api/errors.ts'
import type {
  DeleteCollectionRequest,
  DeleteRequest,
  ListRequest,
  PatchRequest,
  WatchRequest,
} from '../../../proto/gen/tessera.ts'
import type {
  DeleteOptions,
  ListOptions,
  PatchType,
  RequestContext,
  Selection,
  WatchOptions,
} from '../../registry/contract.ts'
import { managerOf } from '../manager.ts'
import type { Caller } from './calls.ts'

interface Selecting {
  readonly namespace?: string | undefined
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
}

function selection({ namespace = '', labelSelector, fieldSelector }: Selecting): Selection {
  return { namespace, ...(labelSelector && { labelSelector }), ...(fieldSelector && { fieldSelector }) }
}

export function listOptions(request: ListRequest | DeleteCollectionRequest): ListOptions {
  const { limit, continue: token }: Partial<ListRequest> = request
  return { ...selection(request), ...(limit && limit > 0 && { limit }), ...(token && { continue: token }) }
}

/** Without a resourceVersion: a list and a watch in one, a bookmark between them. */
export function watchOptions(request: WatchRequest): WatchOptions {
  const { resourceVersion, allowBookmarks } = request
  if (resourceVersion) return { ...selection(request), resourceVersion, ...(allowBookmarks && { allowBookmarks }) }
  return {
    ...selection(request),
    sendInitialEvents: true,
    resourceVersionMatch: 'NotOlderThan',
    allowBookmarks: true,
  }
}

/** @throws StatusError BadRequest */
export function deleteOptions(request: DeleteRequest | DeleteCollectionRequest): DeleteOptions {
  const { uid, resourceVersion, propagationPolicy }: Partial<DeleteRequest> = request
  // Zero seconds is a request of its own: at once.
  const gracePeriodSeconds = Object.hasOwn(request, 'gracePeriodSeconds') ? request.gracePeriodSeconds : undefined
  const policy = oneOf('propagation_policy', propagationPolicy, ['Orphan', 'Background', 'Foreground'])
  return {
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...(policy && { propagationPolicy: policy }),
    ...((uid || resourceVersion) && {
      preconditions: { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) },
    }),
  }
}

interface Writing {
  readonly dryRun?: boolean | undefined
  readonly fieldManager?: string | undefined
  readonly fieldValidation?: string | undefined
}

/** Unknown fields are errors on this door unless the request says otherwise. @throws StatusError BadRequest */
export function writeContext({ user, signal, userAgent }: Caller, writing: Writing = {}): RequestContext {
  const { dryRun, fieldManager, fieldValidation } = writing
  return {
    user,
    signal,
    fieldValidation: oneOf('field_validation', fieldValidation, ['Ignore', 'Warn', 'Strict']) ?? 'Strict',
    fieldManager: managerOf(fieldManager, userAgent),
    withoutWarnings: true,
    ...(dryRun && { dryRun }),
  }
}

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const satisfies readonly PatchType[]

/** @throws StatusError BadRequest */
export function patchType({ patchType }: PatchRequest): PatchType {
  const type = oneOf('patch_type', patchType, patchTypes)
  if (type === undefined)
    throw StatusError.badRequest(`patch_type is missing: expected one of ${patchTypes.join(', ')}`)
  return type
}

function oneOf<T extends string>(field: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  if (!value) return undefined
  const found = allowed.find(candidate => candidate === value)
  if (found === undefined) {
    throw StatusError.badRequest(`${field}: ${JSON.stringify(value)} is not one of ${allowed.join(', ')}`)
  }
  return found
}
