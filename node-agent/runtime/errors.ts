// What the runtime refuses or fails at, as a closed set of codes; the CRI edge turns them into gRPC's.

/**
 * - `invalid`: the request is wrong and stays wrong;
 * - `missing`, `exists`: there is no such thing; its name is taken;
 * - `state`: the thing is not in a state for this;
 * - `unsupported`: this runtime does not do that;
 * - `unavailable`: not now: try again;
 * - `timeout`: it took longer than the caller allows;
 * - `limit`: more than this runtime or machine can hold.
 */
export type RuntimeErrorCode =
  | 'invalid'
  | 'missing'
  | 'exists'
  | 'state'
  | 'unsupported'
  | 'unavailable'
  | 'timeout'
  | 'limit'
  | 'failed'

export class RuntimeError extends Error {
  override readonly name = 'RuntimeError'
  readonly code: RuntimeErrorCode

  constructor(code: RuntimeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
