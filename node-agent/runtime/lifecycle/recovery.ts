// What a runtime does first: find out what its predecessor has left running, what has ended since, and what was only half
// made; and remove whatever no record owns.
import { readdirSync, rmSync, statfsSync } from 'node:fs'
import path from 'node:path'
import { messageOf } from '../errors.ts'
import type { ProcessList } from '../launcher/client.ts'
import { outputPaths, removeOutputs } from '../logs/container-log.ts'
import type { ContainerRecord, SandboxRecord } from '../records/records.ts'
import { recordExit } from './exits.ts'
import type { Parts } from './parts.ts'
import { initCgroup } from './pod-init.ts'
import { writeSandboxFiles } from './sandbox-files.ts'
import { openTerminalLog, startOf } from './start-container.ts'
import { removePodCgroup } from './stop.ts'

const SIGKILL = 9
const NSFS_MAGIC = 0x6e736673

/** Call it before anybody else uses the parts, and before followExits. */
export async function recover(parts: Parts): Promise<void> {
  const processes = await parts.launcher.list()
  await removeHalfMade(parts)
  checkSandboxes(parts, processes)
  const ready = parts.sandboxRecords.list().filter(sandbox => !sandbox.notReady)
  for (const sandbox of ready) writeSandboxFiles(parts.sandboxRecords.folderOf(sandbox.id), sandbox)
  const swept = parts.sandboxes.sweep(new Set(ready.map(sandbox => sandbox.id)))
  if (swept.length > 0) parts.logger.info({ sandboxes: swept }, 'removed sandboxes that no record owns')
  for (const record of parts.containerRecords.list()) await recoverContainer(parts, record, processes)
  await killStrangers(parts, processes)
  sweepOutputs(parts)
  await sweepCgroups(parts)
}

/** Records whose subject was not finished: their clients never got an ID. */
async function removeHalfMade(parts: Parts): Promise<void> {
  for (const container of parts.containerRecords.list()) {
    if (container.made) continue
    removeOutputs(outputPaths(parts.ioDir, container.id))
    await parts.cgroups
      .open(container.cgroupPath)
      .remove()
      .catch(() => undefined)
    parts.containerRecords.delete(container.id)
  }
  for (const sandbox of parts.sandboxRecords.list()) {
    if (sandbox.state) continue
    parts.sandboxes.remove(sandbox.id)
    await removePodCgroup(parts, sandbox)
    parts.sandboxRecords.delete(sandbox.id)
  }
}

/** A reboot takes namespaces away, their mounts and inits. */
function checkSandboxes(parts: Parts, { running }: ProcessList): void {
  for (const sandbox of parts.sandboxRecords.list()) {
    if (sandbox.notReady) continue
    const hasInit = !sandbox.init || running.some(process => process.id === sandbox.id)
    if (hasInit && Object.values(sandbox.state?.namespaces ?? {}).every(isPinned)) continue
    const lost: SandboxRecord = { ...sandbox, notReady: true }
    parts.sandboxRecords.save(lost)
    parts.logger.warn({ sandbox: sandbox.id }, `a sandbox has lost its ${hasInit ? 'namespaces' : 'init'}`)
  }
}

function isPinned(file: string): boolean {
  try {
    return statfsSync(file).type === NSFS_MAGIC
  } catch {
    return false
  }
}

async function recoverContainer(parts: Parts, record: ContainerRecord, processes: ProcessList): Promise<void> {
  if (record.exit) return
  const running = processes.running.find(process => process.id === record.id)
  const ended = processes.exits.find(process => process.id === record.id)
  const process = running ?? ended
  if (process) {
    const start = await startOf(parts, process)
    // One that has ended still has its terminal, if that launcher lives; a running one's is the launcher's word.
    const { pid: launcherPid } = await parts.launcher.info()
    const terminal =
      record.start?.terminal?.launcherPid === launcherPid && ended ? record.start.terminal : start.terminal
    const user = record.start?.user
    const found: ContainerRecord = {
      ...record,
      start: { ...start, ...(user && { user }), ...(terminal && { terminal }) },
    }
    parts.containerRecords.save(found)
    // Opened for one that has ended too: followExits finishes its log.
    if (record.config.tty) openTerminalLog(parts, found)
    else parts.logs.openFifos(found)
    return
  }
  if (!record.start) return
  await recordExit(parts, record, {
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
async function killStrangers(parts: Parts, { running }: ProcessList): Promise<void> {
  if (parts.launcher.mismatch !== undefined) return
  const owners = { container: parts.containerRecords, sandbox: parts.sandboxRecords, exec: undefined }
  for (const process of running) {
    if (owners[process.kind]?.get(process.id)) continue
    parts.logger.info({ id: process.id, pid: process.pid }, `killing a ${process.kind} that nobody owns`)
    await parts.launcher.signal(process.id, SIGKILL)
  }
}

function sweepOutputs(parts: Parts): void {
  for (const name of readdirSync(parts.ioDir)) {
    const container = parts.containerRecords.get(name)
    if (!container || container.exit) rmSync(path.join(parts.ioDir, name), { recursive: true, force: true })
  }
}

/** Containers' cgroups below our own root; those of pods and classes go when they are empty and no sandbox names them. */
async function sweepCgroups(parts: Parts): Promise<void> {
  const owned = new Set([
    ...parts.containerRecords
      .list()
      .filter(container => !container.exit)
      .map(container => container.cgroupPath),
    ...parts.sandboxRecords
      .list()
      .flatMap(sandbox => [sandbox.cgroupParent, ...(sandbox.init ? [initCgroup(sandbox)] : [])]),
  ])
  const sweep = async (cgroup: string): Promise<void> => {
    for (const child of parts.cgroups.children(cgroup)) await sweep(child)
    const inside = `${cgroup}/`
    if (cgroup === parts.cgroupRoot || owned.has(cgroup) || [...owned].some(path => path.startsWith(inside))) return
    try {
      await parts.cgroups.open(cgroup).remove()
    } catch (error) {
      parts.logger.warn({ cgroup, error: messageOf(error) }, 'a leftover cgroup could not be removed')
    }
  }
  await sweep(parts.cgroupRoot)
}
