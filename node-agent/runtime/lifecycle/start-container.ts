// StartContainer: the plan goes to the launcher.
import { buildContainerPlan } from '../container/build-plan.ts'
import { messageOf, RuntimeError } from '../errors.ts'
import { LauncherConnectionError, LauncherMismatchError, StartError } from '../launcher/client.ts'
import type { ExitRecord, ProcessRecord } from '../launcher/messages.ts'
import type { ContainerRecord, ContainerStart } from '../records/records.ts'
import { recordExit } from './exits.ts'
import { needContainer } from './ids.ts'
import type { Runtime } from './runtime.ts'

/** @throws RuntimeError `state` unless it is newly created; `failed` when its program cannot be started */
export function startContainer(runtime: Runtime, containerId: string | undefined): Promise<void> {
  const { id } = needContainer(runtime, containerId)
  return runtime.locks.run(id, async () => {
    const record = needContainer(runtime, id)
    if (record.exit) throw new RuntimeError('state', `container ${id} has run already: containers start only once`)
    if (record.start) throw new RuntimeError('state', `container ${id} is running already`)
    const sandbox = runtime.sandboxRecords.get(record.sandboxId)
    if (!sandbox?.state || sandbox.notReady)
      throw new RuntimeError('state', `the sandbox of container ${id} is not ready`)
    let start: ContainerStart
    try {
      if (!record.config.tty) runtime.logs.openFifos(record)
      start = await launch(runtime, record)
    } catch (error) {
      if (error instanceof LauncherConnectionError || error instanceof LauncherMismatchError)
        throw new RuntimeError('unavailable', error.message, { cause: error })
      const message = describeFailure(runtime, record, error)
      await recordStartFailure(runtime, record, message)
      throw new RuntimeError('failed', `container ${record.config.metadata?.name ?? id}: ${message}`, { cause: error })
    }
    const running = { ...record, start }
    runtime.containerRecords.save(running)
    openTerminalLog(runtime, running)
    runtime.events.publish({ kind: 'started', containerId: id, sandboxId: record.sandboxId })
  })
}

async function launch(runtime: Runtime, record: ContainerRecord): Promise<ContainerStart> {
  const plan = buildContainerPlan(record.spec)
  try {
    const { pid, startTime, startedAtMs, user, steps, warnings, terminalFd } = await runtime.launcher.start(plan)
    for (const warning of warnings)
      runtime.logger.info({ container: record.id, warning }, 'not possible on this machine')
    const terminal = await terminalOf(runtime, terminalFd)
    return { pid, startTime, startedAtMs, user, steps, ...(terminal && { terminal }) }
  } catch (error) {
    // It may run although the answer was lost: the launcher knows.
    const uncertain =
      error instanceof LauncherConnectionError ||
      (error instanceof StartError && error.failure.reason === 'AlreadyExists')
    const known = uncertain ? await knownProcess(runtime, record.id) : undefined
    if (known) return startOf(runtime, known)
    throw error
  }
}

async function knownProcess(runtime: Runtime, id: string): Promise<ProcessRecord | ExitRecord | undefined> {
  const { running, exits } = await runtime.launcher.list()
  return [...running, ...exits].find(process => process.id === id)
}

/** What a process of the launcher's list tells of its start. */
export async function startOf(runtime: Runtime, process: ProcessRecord | ExitRecord): Promise<ContainerStart> {
  const { pid, startTime, startedAtMs } = process
  const terminal = await terminalOf(runtime, 'terminalFd' in process ? process.terminalFd : undefined)
  return { pid, startTime, startedAtMs, ...(terminal && { terminal }) }
}

async function terminalOf(runtime: Runtime, fd: number | undefined): Promise<ContainerStart['terminal']> {
  return fd === undefined ? undefined : { launcherPid: (await runtime.launcher.info()).pid, fd }
}

/** Reads a terminal's output into the log, if the container has one. */
export function openTerminalLog(runtime: Runtime, record: ContainerRecord): void {
  const { terminal } = record.start ?? {}
  if (!terminal) return
  try {
    runtime.logs.openTerminal(record, terminal.launcherPid, terminal.fd)
  } catch (error) {
    runtime.logger.warn({ container: record.id, error: messageOf(error) }, "a container's terminal cannot be read")
  }
}

/** What containers that never ran have ended with, whatever a shell would say of their program; as containerd has it. */
const startErrorCode = 128

/** What is told of a start that failed. */
function describeFailure(runtime: Runtime, { cgroupPath }: ContainerRecord, error: unknown): string {
  const killed = error instanceof StartError && error.failure.reason === 'Crashed'
  if (!killed || runtime.cgroups.open(cgroupPath).oomKills() === 0) return messageOf(error)
  return "out of memory before its program ran: the memory limit, its own or its pod's, is too low to start in"
}

async function recordStartFailure(runtime: Runtime, record: ContainerRecord, message: string): Promise<void> {
  const now = Date.now()
  await recordExit(runtime, record, {
    finishedAtMs: now,
    exitCode: startErrorCode,
    reason: 'StartError',
    message,
  })
}
