// The store's failures, as a client is told of them.
import { StatusError } from '../../../api/errors.ts'
import { CompactedError, StoreUnavailableError } from '../../store/store.ts'

/** What any store takes: etcd's default limit is 1.5 MiB a request, its envelope included. */
export const maxObjectBytes = 1.5 * 2 ** 20 - 2 ** 14

export const tooLarge = (bytes: number): StatusError =>
  StatusError.requestEntityTooLarge(`the object has ${bytes} bytes, at most ${maxObjectBytes} can be stored`)

/** Runs something that needs the store. @throws StatusError */
export async function withStoreErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storeError(error)
  }
}

export function storeError(error: unknown): StatusError {
  if (error instanceof StoreUnavailableError) {
    return StatusError.serviceUnavailable(`the store did not answer: ${error.message}; try again in a moment`, error)
  }
  if (error instanceof CompactedError) {
    return StatusError.expired(`too old resource version: ${error.requested} (${error.oldest}); list again`)
  }
  if (error instanceof Error && error.name === 'AbortError') {
    return StatusError.timeout('the request was given up before it was done')
  }
  return StatusError.of(error)
}
