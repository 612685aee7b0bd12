// Logs and Exec of the service Api: the client's stream on one side, the agent's on the other.
import type { handleBidiStreamingCall, handleServerStreamingCall } from '@grpc/grpc-js'
import { StatusError } from '../../../api/errors.ts'
import type { ExecInput, ExecOutput, LogChunk, LogsRequest } from '../../../proto/gen/tessera.ts'
import type { User } from '../../auth/authenticate.ts'
import type { Authorize } from '../../auth/authorize.ts'
import { checkAccess } from '../access.ts'
import { attributesOf } from '../attributes.ts'
import type { PodStreams } from '../sessions/pods.ts'
import type { ExecStream } from '../sessions/streams.ts'
import { type Door, duplexStream, received, send, serverStream } from './calls.ts'

export function logsHandler(
  door: Door,
  authorize: Authorize,
  pods: PodStreams,
): handleServerStreamingCall<LogsRequest, LogChunk> {
  return serverStream(door, async function* (request: LogsRequest, caller) {
    checkPodAccess(authorize, caller.user, 'get', 'log', request)
    const stream = await pods.logs(request, caller)
    if (stream === undefined) {
      const { pod = '' } = request
      const where = `its events say why (kubectl describe pod ${pod})`
      throw StatusError.badRequest(`pod ${pod} is not assigned to a node yet: ${where}`)
    }
    for await (const data of stream) yield [{ data }]
  })
}

export function execHandler(
  door: Door,
  authorize: Authorize,
  pods: PodStreams,
): handleBidiStreamingCall<ExecInput, ExecOutput> {
  return duplexStream(door, async (call, caller) => {
    const { user, signal } = caller
    const inputs = received(call)
    const first = await inputs.next()
    const start = first.done ? undefined : first.value.start
    if (!start) throw StatusError.badRequest('the first message of Exec must be its start')
    checkPodAccess(authorize, user, 'create', 'exec', start)
    const stream = await pods.exec(start, caller)
    // A client that breaks off ends the command through the signal; here is nobody left to tell.
    forward(inputs, stream).catch(() => {})
    for await (const output of stream.output) await send(call, output, signal)
  })
}

/** The client's input, until it sends no more; that alone does not close the command's standard input. */
async function forward(inputs: AsyncIterable<ExecInput>, stream: ExecStream): Promise<void> {
  for await (const input of inputs) await stream.send(input)
}

function checkPodAccess(
  authorize: Authorize,
  user: User,
  verb: string,
  subresource: string,
  { namespace = '', pod: name = '' }: { namespace?: string | undefined; pod?: string | undefined },
): void {
  const pod = { group: '', version: 'v1', resource: 'pods', subresource, namespace, name }
  checkAccess(authorize, user, attributesOf(verb, pod))
}
