// What exec is asked for with, whichever protocol it is then spoken in.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { StatusError } from '../../../../api/errors.ts'
import type { ExecStart } from '../../../../proto/gen/tessera.ts'
import type { ResourcePath } from '../path.ts'
import { flag } from '../query-values.ts'

export interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  readonly query: URLSearchParams
}

export function execStart(query: URLSearchParams, { namespace, name }: ResourcePath): ExecStart {
  return {
    namespace,
    pod: name,
    container: query.get('container') ?? '',
    command: query.getAll('command'),
    stdin: flag(query, 'stdin'),
    tty: flag(query, 'tty'),
  }
}

/** @throws StatusError BadRequest when the client wants none of the command's streams */
export function checkStreams(query: URLSearchParams): void {
  const stderr = flag(query, 'stderr') && !flag(query, 'tty')
  if (stderr || flag(query, 'stdin') || flag(query, 'stdout')) return
  throw StatusError.badRequest('you must specify at least 1 of stdin, stdout, stderr')
}
