// One request and its answer, with what every handler needs to know of it.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { User } from '../../auth/authenticate.ts'
import type { RequestContext } from '../../registry/contract.ts'
import { writeContext } from './options.ts'

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** GET, POST …; HEAD counts as GET, whose body Node leaves out. */
  readonly method: string
  /** As it came: not decoded. */
  readonly path: string
  readonly query: URLSearchParams
  readonly user: User
  /** Aborts when the client leaves, the answer is sent, or the server shuts down. */
  readonly signal: AbortSignal
}

/** What the registry is told of who reads. */
export const readContext = ({ user, signal }: Exchange): RequestContext => ({ user, signal })

/** What the registry is told of who writes, and how. @throws StatusError for options that make no sense */
export const writingContext = (exchange: Exchange): RequestContext => ({
  ...readContext(exchange),
  ...writeContext(exchange.query, exchange.request.headers['user-agent']),
})
