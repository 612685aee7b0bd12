// What a runtime does first: find out what its predecessor has left running, what has ended since, and what was only half
// made; and remove whatever no record owns.
import { readdirSync, rmSync, statfsSync } from 'node:fs'
import path from 'node:path'
import { messageOf } from '../errors.ts'
import type { ProcessList } from '../launcher/client.ts'
import { outputPaths, removeOutputs } from '../logs/container-log.ts'
import type { ContainerRecord, SandboxRecord } from '../records/records.ts'
import { recordExit } from './exits.ts'
import { initCgroup } from './pod-init.ts'
import type { Runtime } from './runtime.ts'
import { writeSandboxFiles } from './sandbox-files.ts'
import { openTerminalLog, startOf } from './start-container.ts'
import { removePodCgroup } from './stop.ts'

const SIGKILL = 9
const NSFS_MAGIC = 0x6e736673

/** Call it before anybody else uses the runtime, and before followExits. */
export async function recover(runtime: Runtime): Promise<void> {
  const processes = await runtime.launcher.list()
  await removeHalfMade(runtime)
  checkSandboxes(runtime, processes)
  const ready = runtime.sandboxRecords.list().filter(sandbox => !sandbox.notReady)
  for (const sandbox of ready) writeSandboxFiles(runtime.sandboxRecords.folderOf(sandbox.id), sandbox)
  const swept = runtime.sandboxes.sweep(new Set(ready.map(sandbox => sandbox.id)))
  if (swept.length > 0) runtime.logger.info({ sandboxes: swept }, 'removed sandboxes that no record owns')
  for (const record of runtime.containerRecords.list()) await recoverContainer(runtime, record, processes)
  await killStrangers(runtime, processes)
  sweepOutputs(runtime)
  await sweepCgroups(runtime)
}

/** Records whose subject was not finished: their clients never got an ID. */
async function removeHalfMade(runtime: Runtime): Promise<void> {
  for (const container of runtime.containerRecords.list()) {
    if (container.made) continue
    removeOutputs(outputPaths(runtime.ioDir, container.id))
    await runtime.cgroups
      .open(container.cgroupPath)
      .remove()
      .catch(() => undefined)
    runtime.containerRecords.delete(container.id)
  }
  for (const sandbox of runtime.sandboxRecords.list()) {
    if (sandbox.state) continue
    runtime.sandboxes.remove(sandbox.id)
    await removePodCgroup(runtime, sandbox)
    runtime.sandboxRecords.delete(sandbox.id)
  }
}

/** A reboot takes namespaces away, their mounts and inits. */
function checkSandboxes(runtime: Runtime, { running }: ProcessList): void {
  for (const sandbox of runtime.sandboxRecords.list()) {
    if (sandbox.notReady) continue
    const hasInit = !sandbox.init || running.some(process => process.id === sandbox.id)
    if (hasInit && Object.values(sandbox.state?.namespaces ?? {}).every(isPinned)) continue
    const lost: SandboxRecord = { ...sandbox, notReady: true }
    runtime.sandboxRecords.save(lost)
    runtime.logger.warn({ sandbox: sandbox.id }, `a sandbox has lost its ${hasInit ? 'namespaces' : 'init'}`)
  }
}

function isPinned(file: string): boolean {
  try {
    return statfsSync(file).type === NSFS_MAGIC
  } catch {
    return false
  }
}

async function recoverContainer(runtime: Runtime, record: ContainerRecord, processes: ProcessList): Promise<void> {
  if (record.exit) return
  const running = processes.running.find(process => process.id === record.id)
  const ended = processes.exits.find(process => process.id === record.id)
  const process = running ?? ended
  if (process) {
    const start = await startOf(runtime, process)
    // One that has ended still has its terminal, if that launcher lives; a running one's is the launcher's word.
    const { pid: launcherPid } = await runtime.launcher.info()
    const terminal =
      record.start?.terminal?.launcherPid === launcherPid && ended ? record.start.terminal : start.terminal
    const user = record.start?.user
    const found: ContainerRecord = {
      ...record,
      start: { ...start, ...(user && { user }), ...(terminal && { terminal }) },
    }
    runtime.containerRecords.save(found)
    // Opened for one that has ended too: followExits finishes its log.
    if (record.config.tty) openTerminalLog(runtime, found)
    else runtime.logs.openFifos(found)
    return
  }
  if (!record.start) return
  await recordExit(runtime, record, {
    finishedAtMs: Date.now(),
    exitCode: 255,
    reason: 'Unknown',
    message: 'it was gone when the runtime came back: the machine was restarted, or its launcher was',
  })
}

/**
 * Containers and inits without a record, and commands whose clients went with the last runtime. What runs under another
 * build's launcher is left alone, since its kinds may mean something else.
 */
async function killStrangers(runtime: Runtime, { running }: ProcessList): Promise<void> {
  if (runtime.launcher.mismatch !== undefined) return
  const owners = { container: runtime.containerRecords, sandbox: runtime.sandboxRecords, exec: undefined }
  for (const process of running) {
    if (owners[process.kind]?.get(process.id)) continue
    runtime.logger.info({ id: process.id, pid: process.pid }, `killing a ${process.kind} that nobody owns`)
    await runtime.launcher.signal(process.id, SIGKILL)
  }
}

function sweepOutputs(runtime: Runtime): void {
  for (const name of readdirSync(runtime.ioDir)) {
    const container = runtime.containerRecords.get(name)
    if (!container || container.exit) rmSync(path.join(runtime.ioDir, name), { recursive: true, force: true })
  }
}

/** Containers' cgroups below our own root; those of pods and classes go when they are empty and no sandbox names them. */
async function sweepCgroups(runtime: Runtime): Promise<void> {
  const owned = new Set([
    ...runtime.containerRecords
      .list()
      .filter(container => !container.exit)
      .map(container => container.cgroupPath),
    ...runtime.sandboxRecords
      .list()
      .flatMap(sandbox => [sandbox.cgroupParent, ...(sandbox.init ? [initCgroup(sandbox)] : [])]),
  ])
  const sweep = async (cgroup: string): Promise<void> => {
    for (const child of runtime.cgroups.children(cgroup)) await sweep(child)
    const inside = `${cgroup}/`
    if (cgroup === runtime.cgroupRoot || owned.has(cgroup) || [...owned].some(path => path.startsWith(inside))) return
    try {
      await runtime.cgroups.open(cgroup).remove()
    } catch (error) {
      runtime.logger.warn({ cgroup, error: messageOf(error) }, 'a leftover cgroup could not be removed')
    }
  }
  await sweep(runtime.cgroupRoot)
}
