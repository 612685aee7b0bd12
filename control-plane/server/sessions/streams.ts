// What an agent's stream means to whoever asked for it: bytes of a log, or the output of a command and a way to
// write its input. Back-pressure is the iteration's: nothing is read from the agent before it is asked for.
import { StatusError } from '../../../api/errors.ts'
import type { Status } from '../../../api/kinds/meta-v1/status.ts'
import type { ExecInput, ExecOutput, ExecReply, LogsReply } from '../../../proto/gen/tessera.ts'

/** A stream an agent opened with a ticket: what it sends after the ticket, and how to end the call. */
export interface AgentLogs {
  readonly replies: AsyncIterable<LogsReply>
  /** Ends the call from this side; may be called again. */
  close(): void
}

export interface AgentExec {
  readonly replies: AsyncIterable<ExecReply>
  /** Resolves when more may be sent; does nothing once the call is over. */
  send(input: ExecInput): Promise<void>
  /** Ends the call from this side; may be called again. */
  close(): void
}

/** Throws a StatusError when the log ends in one. Leaving the iteration, or the abort, ends the agent's stream. */
export type LogStream = AsyncIterable<Uint8Array>

export interface ExecStream {
  /** Ends after the exit code; throws a StatusError when the command could not be run to its end. */
  readonly output: AsyncIterable<ExecOutput>
  /** Resolves when more may be sent; does nothing once the command is over. */
  send(input: ExecInput): Promise<void>
}

/** @param signal of the request: its abort ends the agent's stream, read or not */
export function logStream(stream: AgentLogs, signal: AbortSignal): LogStream {
  return closing(stream, signal, logData(stream))
}

async function* logData({ replies }: AgentLogs): AsyncGenerator<Uint8Array, void, void> {
  for await (const reply of replies) {
    throwStatus(reply.status)
    if (reply.data && reply.data.length > 0) yield reply.data
  }
}

/** @param signal of the request: its abort ends the agent's stream, read or not */
export function execStream(stream: AgentExec, signal: AbortSignal): ExecStream {
  return { output: closing(stream, signal, execOutput(stream)), send: input => stream.send(input) }
}

async function* execOutput({ replies }: AgentExec): AsyncGenerator<ExecOutput, void, void> {
  for await (const reply of replies) {
    throwStatus(reply.status)
    if (!reply.output) continue
    yield reply.output
    if (isExit(reply.output)) return
  }
  throw StatusError.serviceUnavailable(
    'the connection to the node broke before the command ended: its outcome is unknown',
  )
}

/** A decoded message inherits its defaults, so an exit code is one only where it was sent. */
export const isExit = (output: ExecOutput): boolean =>
  Object.hasOwn(output, 'exitCode') && output.exitCode !== undefined

function throwStatus(bytes: Uint8Array | undefined): void {
  if (bytes && bytes.length > 0) throw statusError(bytes)
}

/** The error of a Status that an agent sent as JSON. */
export function statusError(json: Uint8Array): StatusError {
  return StatusError.from(JSON.parse(Buffer.from(json).toString()) as Status)
}

/** The items; the agent's stream is closed when the iteration ends, and when the signal aborts before or in it. */
function closing<T>(stream: { close(): void }, signal: AbortSignal, items: AsyncGenerator<T, void, void>) {
  const close = (): void => stream.close()
  if (signal.aborted) close()
  else signal.addEventListener('abort', close, { once: true })
  return (async function* () {
    try {
      yield* items
    } finally {
      signal.removeEventListener('abort', close)
      close()
    }
  })()
}
