// What exec is asked for with, whichever protocol it is then spoken in.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ExecStart } from '../../../../proto/gen/tessera.ts'
import { boolean } from '../options.ts'
import type { ResourcePath } from '../path.ts'

export interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  readonly query: URLSearchParams
}

/** @throws StatusError BadRequest */
export function execStart(query: URLSearchParams, { namespace, name }: ResourcePath): ExecStart {
  return {
    namespace,
    pod: name,
    container: query.get('container') ?? '',
    command: query.getAll('command'),
    stdin: boolean(query, 'stdin'),
    tty: boolean(query, 'tty'),
  }
}
