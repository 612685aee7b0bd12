// The launcher: one small process per node that makes every container and is its parent. It never restarts while
// containers run, so it does nothing else, and whatever can be decided elsewhere is.
//
//   node --single-threaded --v8-pool-size=0 launcher.js --socket /run/tessera/launcher.sock --state DIR
import { mkdirSync, openSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { tryLock } from '../../sys/fd.ts'
import { setProcessName } from '../../sys/process.ts'
import { ForkServer } from './fork-server.ts'
import { ProcessTable } from './process-table.ts'
import { openRecords } from './records.ts'
import { LauncherServer } from './server.ts'

interface LauncherConfig {
  readonly socket: string
  readonly stateDir: string
}

function run(config: LauncherConfig): void {
  mkdirSync(config.stateDir, { recursive: true, mode: 0o700 })
  // Held for this process's life: of two launchers started at once, one finds it taken and leaves.
  if (!tryLock(openSync(path.join(config.stateDir, 'lock'), 'a'))) return
  setProcessName('tessera-launch')
  // The launcher ends when it is killed: nothing here needs winding up, and a stray SIGTERM to a process group must not
  // take the parent from its containers. SIGHUP comes when a terminal closes.
  for (const signal of ['SIGHUP', 'SIGINT'] as const) process.on(signal, () => undefined)
  const records = openRecords(config.stateDir)
  const forks = new ForkServer(records.running)
  const server = new LauncherServer()
  const table = new ProcessTable(records, exit => server.announce(exit))
  table.adopt()
  server.listen(config.socket, { forks, table, startedAtMs: Date.now() })
}

const { values } = parseArgs({ options: { socket: { type: 'string' }, state: { type: 'string' } } })
if (values.socket === undefined || values.state === undefined) {
  process.stderr.write('usage: launcher --socket PATH --state DIR\n')
  process.exit(2)
}
run({ socket: values.socket, stateDir: values.state })
