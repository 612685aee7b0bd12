// Answers to OpenExec: a command in a container, its streams joined to the server's.
import { StatusError } from '../../api/errors.ts'
import type { AgentClient } from '../../client/agents.ts'
import { type ExecSession, type RuntimeClient, RuntimeError } from '../../client/runtime.ts'
import type { Duplex } from '../../client/streams.ts'
import { sleep } from '../../lib/abort.ts'
import type { ExecInput, ExecReply, OpenExec } from '../../proto/gen/tessera.ts'
import { newest } from '../pods/observation/observation.ts'
import type { PodDirectory } from '../pods/pod-directory.ts'
import { containerName } from './log-target.ts'

/** How long the server has to read the last of it. */
const closeMs = 10_000

/** @throws StatusError before the command was started; later failures travel in the stream */
export async function serveExec(
  pods: PodDirectory,
  agents: AgentClient,
  runtime: Pick<RuntimeClient, 'exec'>,
  { ticket = '', start }: OpenExec,
  signal: AbortSignal,
): Promise<void> {
  const { namespace = '', pod = '', container = '', command = [], stdin, tty, columns, rows } = start ?? {}
  const containerId = runningContainer(pods, namespace, pod, container)
  const ending = new AbortController()
  const until = AbortSignal.any([signal, ending.signal])
  const stream = agents.serveExec(until)
  try {
    await stream.send({ ticket })
    const session = runtime.exec({ containerId, command, stdin, tty, columns, rows }, { signal: until })
    // A server that hangs up ends the command.
    const feeding = feed(stream, session).finally(() => session.cancel())
    try {
      for await (const event of session) await stream.send({ output: outputOf(event) })
    } catch (error) {
      if (!until.aborted) await stream.send({ status: Buffer.from(JSON.stringify(statusOf(error))) })
    }
    stream.end()
    // The server closes once it has read everything.
    await Promise.race([feeding, sleep(closeMs, until)])
  } finally {
    ending.abort()
  }
}

function runningContainer(pods: PodDirectory, namespace: string, name: string, asked: string): string {
  const found = pods.find(namespace, name)
  if (found === undefined) throw StatusError.notFound({ group: '', resource: 'pods' }, name)
  const container = containerName(found.pod, asked)
  const record = newest(found.observed, container)
  if (record?.state === 'running') return record.id
  throw StatusError.badRequest(`unable to upgrade connection: container not found ("${container}")`)
}

async function feed(stream: Duplex<ExecReply, ExecInput>, session: ExecSession): Promise<void> {
  try {
    for await (const input of stream) {
      // Of a oneof, the field that was sent is the message's own.
      if (Object.hasOwn(input, 'stdin') && input.stdin) await session.write(input.stdin)
      else if (Object.hasOwn(input, 'resize')) session.resize(input.resize?.columns ?? 0, input.resize?.rows ?? 0)
      else if (input.stdinClosed) session.closeStdin()
    }
  } catch {
    // The stream broke: the same as hung up.
  }
}

function outputOf(event: { kind: 'stdout' | 'stderr'; data: Uint8Array } | { kind: 'exit'; code: number }) {
  switch (event.kind) {
    case 'stdout':
      return { stdout: event.data }
    case 'stderr':
      return { stderr: event.data }
    case 'exit':
      return { exitCode: event.code }
  }
}

/** What the kubelet's streaming server makes of a command that can't be run (k8s.io/kubelet, ServeExec). */
function statusOf(error: unknown) {
  if (!(error instanceof RuntimeError)) return StatusError.of(error).status
  if (error.code === 'INVALID_ARGUMENT') return StatusError.badRequest(error.message).status
  return StatusError.internalError(`error executing command in container: ${error.message}`, error).status
}
