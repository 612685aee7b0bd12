// The runtime: CRI v1 over a unix socket. As a worker thread it unpacks an image.
import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import path from 'node:path'
import { isMainThread, workerData } from 'node:worker_threads'
import { aborted, processSignal } from '../../lib/abort.ts'
import { createLogger, type Logger } from '../../lib/logger.ts'
import { packageRoot } from '../../lib/package-root.ts'
import { hearsSignal } from '../sys/signals.ts'
import type { Cgroups } from './cgroups/cgroups.ts'
import { openCgroups } from './cgroups/open.ts'
import { cleanUp } from './cleanup.ts'
import { refuseSecond, serve } from './cri/server.ts'
import { messageOf, RuntimeError } from './errors.ts'
import { importInThread, isImportThreadData, runImportThread } from './images/import-thread.ts'
import { Importer } from './images/importer.ts'
import { ImageStore } from './images/store.ts'
import { ensureLauncher, type Launcher } from './launcher/client.ts'
import { ContainerLogs } from './lifecycle/container-logs.ts'
import { ContainerEvents } from './lifecycle/events.ts'
import { followExits } from './lifecycle/exits.ts'
import { KeyedLock } from './lifecycle/keyed-lock.ts'
import { ProcessExits } from './lifecycle/process-exits.ts'
import { recover } from './lifecycle/recovery.ts'
import type { Runtime } from './lifecycle/runtime.ts'
import { NetworkConfig } from './network-config.ts'
import { parseOptions, type RuntimeOptions, usage } from './options.ts'
import { lacks, makeFolder, thisMachine } from './preflight.ts'
import { RecordFolder } from './records/record-folder.ts'
import type { ContainerRecord, SandboxRecord } from './records/records.ts'
import { openSandboxes } from './sandbox/open.ts'
import { installPause } from './sandbox/pause.ts'
import { seccompFilters } from './security/seccomp-filters.ts'

/** Serves until the signal aborts; containers live on. @throws RuntimeError when it cannot begin */
export async function run(options: RuntimeOptions, signal: AbortSignal): Promise<void> {
  const logger = createLogger('runtime')
  const { runtime, tearDownNetwork } = await assemble(options, logger)
  if (options.cleanup) {
    await cleanUp(runtime, options, tearDownNetwork)
    return
  }
  const network = new NetworkConfig(options.root, runtime.sandboxes)
  network.restore(options.podCidr)
  await recover(runtime)
  const stopFollowing = followExits(runtime)
  const importer = new Importer(runtime.images, importInThread(new URL(import.meta.url), options.images))
  const { version } = JSON.parse(readFileSync(path.join(packageRoot(), 'package.json'), 'utf8')) as { version: string }
  const serving = { socket: options.socket, version, configureNetwork: (cidr: string) => network.configure(cidr) }
  const stop = await serve(runtime, importer, serving, logger)
  logger.info({ socket: options.socket, containers: runtime.containerRecords.list().length }, 'serving')
  await aborted(signal)
  await stop()
  stopFollowing()
  runtime.logs.close()
  runtime.launcher.close()
}

interface Assembled {
  readonly runtime: Runtime
  /** Removes the bridge and the rules. */
  readonly tearDownNetwork: () => void
}

async function assemble(options: RuntimeOptions, logger: Logger): Promise<Assembled> {
  const cgroups = openMachine()
  const ioDir = path.join(options.run, 'io')
  makeFolder(options.root, '--root')
  makeFolder(options.images, '--images')
  makeFolder(ioDir, '--run')
  await refuseSecond(options.socket)
  const sandboxes = openSandboxes({
    instance: options.instance,
    runDir: path.join(options.run, 'ns'),
    stateDir: path.join(options.root, 'network'),
  })
  const initRoot = path.join(options.root, 'init')
  installPause(initRoot)
  const containerRecords = new RecordFolder<ContainerRecord>(path.join(options.root, 'containers'))
  const runtime: Runtime = {
    launcher: await openLauncher(options, logger),
    cgroups,
    sandboxes,
    images: ImageStore.open(options.images, { inUse: () => containerRecords.list().flatMap(lowerDirectoriesOf) }),
    sandboxRecords: new RecordFolder<SandboxRecord>(path.join(options.root, 'sandboxes')),
    containerRecords,
    logs: new ContainerLogs(ioDir, logger),
    events: new ContainerEvents(),
    exits: new ProcessExits(),
    locks: new KeyedLock(),
    logger,
    cgroupRoot: options.cgroupParent,
    ioDir,
    initRoot,
    hears: hearsSignal,
    seccomp: seccompFilters({
      architecture: process.arch,
      kernel: release(),
      onUnknownNames: (file, names) => logger.warn({ file, names }, 'a seccomp profile names calls unknown here'),
    }),
  }
  return { runtime, tearDownNetwork: () => sandboxes.tearDown() }
}

function lowerDirectoriesOf({ spec }: ContainerRecord): readonly string[] {
  return spec.root.kind === 'overlay' ? spec.root.lower : []
}

/** @throws RuntimeError when this machine cannot run containers */
function openMachine(): Cgroups {
  let cgroups: Cgroups | undefined
  let failure: unknown
  try {
    cgroups = openCgroups()
  } catch (error) {
    failure = error
  }
  const missing = lacks(thisMachine(cgroups?.controllers ?? []))
  if (missing.length > 0) throw new RuntimeError('unsupported', missing.join(' '))
  if (!cgroups) throw failure
  return cgroups
}

/** It outlives this process, and its connection every call under way: so it is closed last, not by a signal. */
function openLauncher(options: RuntimeOptions, logger: Logger): Promise<Launcher> {
  const program = path.join(import.meta.dirname, 'launcher.js')
  const stateDir = path.join(options.root, 'launcher')
  return ensureLauncher({ socket: options.launcherSocket, stateDir, program }, new AbortController().signal, mismatch =>
    logger.error({ socket: options.launcherSocket }, mismatch),
  )
}

async function main(): Promise<void> {
  try {
    const options = parseOptions(process.argv.slice(2))
    if (options === 'help') process.stdout.write(usage)
    else await run(options, processSignal())
    process.exit(0)
  } catch (error) {
    const known = error instanceof RuntimeError
    process.stderr.write(
      `runtime: ${known || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message)}\n`,
    )
    process.exit(1)
  }
}

if (isMainThread) await main()
else if (isImportThreadData(workerData)) await runImportThread(workerData)
