import { Deadline } from './deadline.ts'
import { dial } from './dial.ts'
import { joinHostPort } from './http/go-url.ts'
import { failure, type Outcome, success } from './outcome.ts'

/** Opens a connection and closes it; being let in is all that is asked. */
export async function probeTcp(host: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<Outcome> {
  using deadline = new Deadline(signal, timeoutMs)
  try {
    const { socket } = await dial(host, port, deadline.signal)
    socket.destroy()
    return success()
  } catch (error) {
    if (deadline.expired) return failure(`dial tcp ${joinHostPort(host, port)}: i/o timeout`)
    return failure(error instanceof Error ? error.message : String(error))
  }
}
