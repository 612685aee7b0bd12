// tessera.runtime.v1.Streaming: a command in a container, its streams and its terminal over one gRPC stream.
import type { Readable, Writable } from 'node:stream'
import type { ExecInput, ExecOutput, StreamingDefinition } from '../../../proto/gen/runtime.ts'
import { RuntimeError } from '../errors.ts'
import type { Runtime } from '../lifecycle/runtime.ts'
import { type ExecProcess, startExec } from '../streaming/exec.ts'
import type { Handlers, Stream } from './service.ts'

export function execHandlers(runtime: Runtime): Handlers<StreamingDefinition> {
  return { Exec: stream => exec(runtime, stream) }
}

async function exec(runtime: Runtime, stream: Stream<ExecInput, ExecOutput>): Promise<void> {
  const requests = stream.requests[Symbol.asyncIterator]()
  const first = await requests.next()
  const start = first.done ? undefined : first.value.start
  if (!start) throw new RuntimeError('invalid', 'the first message must be `start`')
  const process = await startExec(runtime, {
    containerId: start.containerId,
    command: start.command ?? [],
    stdin: start.stdin === true,
    ...(start.tty && { terminal: { columns: start.columns || 80, rows: start.rows || 24 } }),
  })
  const kill = (): void => process.kill()
  if (stream.signal.aborted) kill()
  stream.signal.addEventListener('abort', kill, { once: true })
  const sent = [
    forward(process.stdout, data => stream.send({ stdout: data })),
    ...(process.stderr ? [forward(process.stderr, data => stream.send({ stderr: data }))] : []),
  ]
  void feed(requests, process)
  const exitCode = await process.exitCode
  stream.signal.removeEventListener('abort', kill)
  await Promise.all(sent)
  await stream.send({ exitCode })
}

/** Sends what comes, reading no faster than the client takes it. Ends with the stream, however that ends. */
async function forward(source: Readable, send: (data: Buffer) => Promise<void>): Promise<void> {
  try {
    for await (const chunk of source) await send(chunk as Buffer)
  } catch {
    // It was let go of: the exit code tells the rest.
  }
}

/** What the client types, until it or the command ends. */
async function feed(requests: AsyncIterator<ExecInput>, process: ExecProcess): Promise<void> {
  try {
    for (let next = await requests.next(); !next.done; next = await requests.next()) {
      const input = next.value
      if (input.resize) process.resize(input.resize.columns ?? 80, input.resize.rows ?? 24)
      else if (input.stdinClosed) process.closeStdin()
      else if (input.stdin && input.stdin.length > 0 && process.stdin) await write(process.stdin, input.stdin)
    }
  } catch {
    // A client gone is told by the stream's signal.
  }
}

async function write(stdin: Writable, data: Uint8Array): Promise<void> {
  if (stdin.destroyed || stdin.write(data)) return
  await new Promise<void>(resolve => {
    const events = ['drain', 'close', 'error'] as const
    const done = (): void => {
      for (const event of events) stdin.off(event, done)
      resolve()
    }
    for (const event of events) stdin.on(event, done)
  })
}
