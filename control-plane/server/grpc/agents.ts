// The service Agents: what node agents dial. A session announces the node; streams opened with a ticket are handed to
// whoever waits for them.
import type { ServerDuplexStream, ServerReadableStream, UntypedServiceImplementation } from '@grpc/grpc-js'
import { StatusError } from '../../../api/errors.ts'
import type {
  AgentMessage,
  ExecInput,
  ExecReply,
  LogsReply,
  ServeLogsResponse,
  ServerMessage,
} from '../../../proto/gen/tessera.ts'
import type { User } from '../../auth/authenticate.ts'
import { nodeOf } from '../../auth/users.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { statusError } from '../sessions/streams.ts'
import { type Caller, clientStream, type Door, duplexStream, received, send } from './calls.ts'
import { serviceError } from './status.ts'

export interface AgentsOptions extends Door {
  readonly sessions: Sessions
}

export function agentsService(options: AgentsOptions): UntypedServiceImplementation {
  const { sessions } = options
  return {
    Session: duplexStream(options, async (call: ServerDuplexStream<AgentMessage, ServerMessage>, { user }) => {
      const messages = received(call)
      const node = await greeted(messages, user)
      const detach = sessions.attach(node, {
        send: message => void call.write(message),
        close: reason => call.emit('error', serviceError(StatusError.of(reason))),
      })
      try {
        for await (const { refused } of messages) {
          if (refused?.ticket) sessions.refuse(node, refused.ticket, refusal(refused.status))
        }
      } finally {
        detach()
      }
    }),

    ServeLogs: clientStream(
      options,
      async (call: ServerReadableStream<LogsReply, ServeLogsResponse>, { user, signal }) => {
        const replies = received(call)
        const { ticket, first } = await ticketed(replies)
        const over = ending(signal)
        sessions.acceptLogs(nodeName(user), ticket, { replies: following(first, replies, signal), close: over.close })
        await over.promise
        return {}
      },
    ),

    ServeExec: duplexStream(options, async (call: ServerDuplexStream<ExecReply, ExecInput>, { user, signal }) => {
      const replies = received(call)
      const { ticket, first } = await ticketed(replies)
      const over = ending(signal)
      sessions.acceptExec(nodeName(user), ticket, {
        replies: following(first, replies, signal),
        send: input => send(call, input, signal),
        close: over.close,
      })
      await over.promise
    }),
  }
}

/** The node whose agent this is. @throws StatusError Forbidden */
function nodeName(user: User): string {
  const node = nodeOf(user)
  if (node !== undefined) return node
  const why = `only the agent of a node (user system:node:NAME in group system:nodes) may do this, not user ${JSON.stringify(user.name)}`
  throw StatusError.forbidden({ group: '', resource: 'nodes' }, '', why)
}

async function greeted(messages: AsyncIterator<AgentMessage>, user: User): Promise<string> {
  const node = nodeName(user)
  const first = await messages.next()
  const hello = first.done ? undefined : first.value.hello
  if (!hello?.node)
    throw StatusError.badRequest('the first message of a session must be its hello, with the node’s name')
  if (hello.node !== node) {
    const why = `the certificate is for node ${JSON.stringify(node)}; give this agent a certificate of its own`
    throw StatusError.forbidden({ group: '', resource: 'nodes' }, hello.node, why)
  }
  return node
}

function refusal(status: Uint8Array | undefined): StatusError {
  try {
    return statusError(status ?? Buffer.alloc(0))
  } catch (error) {
    return StatusError.internalError('the node agent refused without saying why', error)
  }
}

interface Ticketed {
  readonly ticket?: string | undefined
}

async function ticketed<Reply extends Ticketed>(replies: AsyncIterator<Reply>) {
  const first = await replies.next()
  const ticket = first.done ? undefined : first.value.ticket
  if (first.done || !ticket) throw StatusError.badRequest('the first message of this stream must carry its ticket')
  return { ticket, first: first.value }
}

/** @throws StatusError when the stream was cut off: that may look like its end */
async function* following<Reply>(
  first: Reply,
  rest: AsyncIterable<Reply>,
  signal: AbortSignal,
): AsyncGenerator<Reply, void, void> {
  yield first
  try {
    yield* rest
  } catch (error) {
    throw StatusError.serviceUnavailable(brokenOff, error)
  }
  // The end of what was sent is heard before the end of the call.
  await new Promise(resolve => setImmediate(resolve))
  if (signal.aborted) throw StatusError.serviceUnavailable(brokenOff)
}

const brokenOff = 'the connection to the node broke in the middle of the stream'

/** Resolves when whoever reads the stream is done with it, or the call is over. */
function ending(signal: Caller['signal']) {
  let close = (): void => {}
  const promise = new Promise<void>(resolve => {
    close = resolve
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  return { promise, close }
}
