// Where a list goes on: the revision it is a view of and the key to begin with.
import { StatusError } from '../../../api/errors.ts'
import type { Revision } from '../../store/store.ts'

export interface Continuation {
  readonly revision: Revision
  /** A cache key, or just above one. */
  readonly from: string
}

const version = 'tessera/v1'

export function writeToken({ revision, from }: Continuation): string {
  return Buffer.from(JSON.stringify({ v: version, rv: revision, start: from })).toString('base64url')
}

/** @throws StatusError 400 */
export function readToken(token: string): Continuation {
  try {
    const read: unknown = JSON.parse(Buffer.from(token, 'base64url').toString())
    if (typeof read === 'object' && read !== null && 'v' in read && 'rv' in read && 'start' in read) {
      const { v, rv, start } = read
      if (v === version && typeof rv === 'number' && Number.isSafeInteger(rv) && typeof start === 'string') {
        return { revision: rv, from: start }
      }
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw StatusError.badRequest('continue key is not valid: pass the metadata.continue of the page before, unchanged')
}
