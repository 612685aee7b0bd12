// Taking down all that this runtime has made but images: what `npm stop` ends with.
import { rmSync } from 'node:fs'
import path from 'node:path'
import { sleep } from '../../lib/abort.ts'
import { removeTree } from '../../lib/remove-tree.ts'
import { RuntimeError } from './errors.ts'
import type { Runtime } from './lifecycle/runtime.ts'
import type { RuntimeOptions } from './options.ts'

const SIGTERM = 15
const SIGKILL = 9
const patienceMs = 15_000

/** Idempotent; what is already gone is no error. @throws RuntimeError when processes won't die */
export async function cleanUp(runtime: Runtime, options: RuntimeOptions, tearDownNetwork: () => void): Promise<void> {
  await killAll(runtime)
  runtime.sandboxes.sweep(new Set())
  tearDownNetwork()
  await endLauncher(runtime)
  for (const { cgroupPath } of runtime.containerRecords.list()) await runtime.cgroups.open(cgroupPath).remove()
  for (const { id, cgroupParent } of runtime.sandboxRecords.list()) {
    await runtime.cgroups.open(`${cgroupParent}/${id}`).remove()
    await runtime.cgroups.removeOwn(cgroupParent, runtime.cgroupRoot)
  }
  await runtime.cgroups.open(runtime.cgroupRoot).remove()
  for (const name of [
    'sandboxes',
    'sandboxes.trash',
    'containers',
    'containers.trash',
    'init',
    'launcher',
    'network',
    'network.json',
  ]) {
    // What a container wrote may be deeper than paths reach.
    await removeTree(path.join(options.root, name))
  }
  rmSync(runtime.ioDir, { recursive: true, force: true })
  rmSync(path.join(options.run, 'ns'), { recursive: true, force: true })
  for (const socket of [options.socket, options.launcherSocket]) rmSync(socket, { force: true })
}

async function killAll({ launcher }: Runtime): Promise<void> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const { running, exits } = await launcher.list()
    await launcher.acknowledge(exits.map(exit => exit.id))
    if (running.length === 0) return
    if (Date.now() > deadline) {
      const numbers = running.map(process => process.pid).join(', ')
      throw new RuntimeError('timeout', `these processes were killed and are still not gone: ${numbers}`)
    }
    await Promise.all(running.map(process => launcher.signal(process.id, SIGKILL)))
    await sleep(20)
  }
}

async function endLauncher({ launcher }: Runtime): Promise<void> {
  const { pid } = await launcher.info()
  launcher.close()
  const deadline = Date.now() + patienceMs
  for (let signal = SIGTERM; send(pid, signal); signal = Date.now() > deadline ? SIGKILL : 0) await sleep(10)
}

/** Whether there was a process to send it to; 0 only asks. */
function send(pid: number, signal: number): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}
