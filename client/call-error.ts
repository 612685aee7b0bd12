// From a gRPC status to the errors that callers know. This is the only place that looks at gRPC codes.
import { type StatusObject, status } from '@grpc/grpc-js'
import { StatusError } from '../api/errors.ts'
import type { Status } from '../api/kinds/meta-v1/status.ts'

/** The trailing metadata that carries the Kubernetes Status of a failed call, as JSON. */
const statusKey = 'tessera-status-bin'

/** The server could not be reached or did not answer in time: a read may be repeated, a write must be looked up. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError'
  /** host:port */
  readonly address: string

  constructor(address: string, detail: string) {
    super(`the Tessera API at ${address} does not answer: ${detail}; check that the control plane runs there`)
    this.address = address
  }
}

/** @param end how the call ended; not OK */
export function callError(end: StatusObject, address: string): Error {
  const [carried] = end.metadata.get(statusKey)
  if (carried !== undefined) return StatusError.from(JSON.parse(carried.toString()) as Status)
  switch (end.code) {
    case status.UNAVAILABLE:
      return new UnavailableError(address, end.details)
    case status.DEADLINE_EXCEEDED:
      return new UnavailableError(address, 'no answer within the deadline')
    default:
      return new Error(`the Tessera API at ${address} failed a call: ${status[end.code]}: ${end.details}`)
  }
}
