// Running a command in a container.
import { randomBytes } from 'node:crypto'
import type { Readable, Writable } from 'node:stream'
import { sleep } from '../../../lib/abort.ts'
import { buildExecPlan } from '../container/build-plan.ts'
import type { ProcessSpec } from '../container/container-spec.ts'
import type { ResolvedUser, UserPlan } from '../container/plan.ts'
import { RuntimeError } from '../errors.ts'
import { StartError } from '../launcher/client.ts'
import { openExecStreams, openTerminal } from '../launcher/terminal.ts'
import { needContainer } from '../lifecycle/ids.ts'
import type { Runtime } from '../lifecycle/runtime.ts'
import type { ContainerRecord } from '../records/records.ts'

export interface ExecRequest {
  readonly containerId: string | undefined
  readonly command: readonly string[]
  readonly stdin: boolean
  /** Absent: pipes. */
  readonly terminal?: { readonly columns: number; readonly rows: number }
}

export interface ExecProcess {
  readonly stdin?: Writable
  readonly stdout: Readable
  /** Absent with a terminal, which is one stream. */
  readonly stderr?: Readable
  /** No more will be typed: end of file for the command. */
  closeStdin(): void
  resize(columns: number, rows: number): void
  /** The exit code (128 + signal when killed), once all output has been read too. */
  readonly exitCode: Promise<number>
  /** Kills the command and lets go of its streams. */
  kill(): void
}

const SIGKILL = 9
/** ^D: what ends the input of a program that reads lines from a terminal. */
const endOfTransmission = '\x04'
/** What descendants of the command that hold its output open may still say after its exit. */
const drainMs = 500

/** @throws RuntimeError `missing`, `state` (it does not run), `invalid`, `failed` (the command can't be started) */
export async function startExec(runtime: Runtime, request: ExecRequest): Promise<ExecProcess> {
  const container = needContainer(runtime, request.containerId)
  if (!container.start || container.exit) throw new RuntimeError('state', `container ${container.id} is not running`)
  if (request.command.length === 0) throw new RuntimeError('invalid', 'command: is empty')
  const id = `exec-${randomBytes(12).toString('hex')}`
  return request.terminal
    ? await startWithTerminal(runtime, container, id, request, request.terminal)
    : await startWithPipes(runtime, container, id, request)
}

async function startWithPipes(
  runtime: Runtime,
  container: ContainerRecord,
  id: string,
  request: ExecRequest,
): Promise<ExecProcess> {
  const streams = openExecStreams({ stdin: request.stdin })
  const exit = runtime.exits.wait(id)
  try {
    await launch(runtime, container, id, request.command, { kind: 'streams', ...streams.sources })
  } catch (error) {
    exit.cancel()
    streams.close()
    throw error
  } finally {
    streams.started()
  }
  const { stdin, stdout, stderr } = streams
  return {
    ...(stdin && { stdin }),
    stdout,
    stderr,
    closeStdin: () => void stdin?.end(),
    resize: () => undefined,
    exitCode: exitCode(exit.exit, [stdout, stderr]).finally(() => streams.close()),
    kill: () => {
      void runtime.launcher.signal(id, SIGKILL)
      streams.close()
    },
  }
}

async function startWithTerminal(
  runtime: Runtime,
  container: ContainerRecord,
  id: string,
  request: ExecRequest,
  size: { readonly columns: number; readonly rows: number },
): Promise<ExecProcess> {
  const exit = runtime.exits.wait(id)
  let fd: number | undefined
  try {
    fd = await launch(runtime, container, id, request.command, { kind: 'terminal', ...size })
  } catch (error) {
    exit.cancel()
    throw error
  }
  const { pid } = await runtime.launcher.info()
  if (fd === undefined) throw new RuntimeError('failed', 'the launcher gave no terminal')
  const terminal = openTerminal(pid, fd)
  return {
    ...(request.stdin && { stdin: terminal.stream }),
    stdout: terminal.stream,
    closeStdin: () => void terminal.stream.write(endOfTransmission),
    resize: (columns, rows) => terminal.resize(columns, rows),
    exitCode: exitCode(exit.exit, [terminal.stream]).finally(() => terminal.close()),
    kill: () => {
      void runtime.launcher.signal(id, SIGKILL)
      terminal.close()
    },
  }
}

/** Answers the terminal's descriptor, if there is one. */
async function launch(
  runtime: Runtime,
  container: ContainerRecord,
  id: string,
  command: readonly string[],
  stdio: ProcessSpec['stdio'],
): Promise<number | undefined> {
  const { start, spec } = container
  if (!start) throw new RuntimeError('state', `container ${container.id} is not running`)
  const { env } = spec.process
  const user = start.user ? asStarted(start.user) : spec.process.user
  const terminal = stdio.kind === 'terminal' && !env.some(variable => variable.startsWith('TERM='))
  const plan = buildExecPlan({
    id,
    container: { pid: start.pid, startTime: start.startTime },
    ...(spec.cgroup && { cgroup: spec.cgroup }),
    process: { ...spec.process, user, argv: command, env: terminal ? [...env, 'TERM=xterm'] : env, stdio },
  })
  try {
    return (await runtime.launcher.start(plan)).terminalFd
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    throw new RuntimeError('failed', `failed to exec in container: ${error.failure.message}`, { cause: error })
  }
}

/** Whoever the container's first process became: its passwd may have other names by now. */
function asStarted({ uid, gid, supplementaryGroups }: ResolvedUser): UserPlan {
  return { user: `${uid}:${gid}`, supplementaryGroups, mergeImageGroups: false }
}

async function exitCode(
  exit: Promise<{ readonly exitCode: number } | undefined>,
  outputs: readonly Readable[],
): Promise<number> {
  const ended = Promise.all(
    outputs.map(
      output =>
        new Promise<void>(resolve => {
          for (const event of ['end', 'close', 'error']) output.once(event, () => resolve())
        }),
    ),
  ).then(() => true)
  const code = (await exit)?.exitCode ?? 255
  // A reader that is slow to take what was said is waited for; silence of those who hold the output open is not.
  while (!(await Promise.race([ended, sleep(drainMs).then(() => false)]))) {
    if (outputs.every(output => output.readableLength === 0)) break
  }
  return code
}
