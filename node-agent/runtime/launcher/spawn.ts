// Starts the launcher as a daemon.
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import path from 'node:path'
import { packageRoot } from '../../../lib/package-root.ts'
import { closeFd } from '../../sys/fd.ts'
import { cloneTree, setMountAttributes } from '../../sys/mount.ts'

export interface LauncherOptions {
  /** The unix socket, for instance /run/tessera/launcher.sock. */
  readonly socket: string
  /** Where the launcher keeps its records: /var/lib/tessera/runtime/launcher. */
  readonly stateDir: string
  /** The launcher's bundle; default dist/launcher.js of this package. */
  readonly program?: string
  /** Where the launcher's own (rare) messages go; default: the state directory's launcher.log. */
  readonly logFile?: string
}

/**
 * No threads besides the main one, since a fork copies none. No optimising compiler: it would run again in every child, in
 * the middle of a plan. Bytecode stays, for a launcher that has been idle. The collector is asked to work ahead of time.
 */
const nodeFlags = [
  '--single-threaded',
  '--v8-pool-size=0',
  '--no-opt',
  '--sparkplug',
  '--no-flush-bytecode',
  '--expose-gc',
  '--max-semi-space-size=1',
]

/**
 * Starts it detached, in a session of its own. It runs from a read-only, detached mount of the node binary: a container
 * can see the executable of a process that is about to become its program (/proc/self/exe), and must find no way to
 * write to it (CVE-2019-5736). Returns at once; the socket tells when it is ready.
 */
export function spawnLauncher(options: LauncherOptions): void {
  const { socket, stateDir } = options
  mkdirSync(stateDir, { recursive: true, mode: 0o700 })
  const log = openSync(options.logFile ?? path.join(stateDir, 'launcher.log'), 'a', 0o600)
  const binary = cloneTree(process.execPath, { recursive: false })
  try {
    setMountAttributes(binary, { attributes: { readOnly: true } }, process.execPath)
    const program = options.program ?? path.join(packageRoot(), 'dist', 'launcher.js')
    const child = spawn(`/proc/self/fd/${binary}`, [...nodeFlags, program, '--socket', socket, '--state', stateDir], {
      argv0: 'tessera-launcher',
      cwd: '/',
      detached: true,
      env: {},
      stdio: ['ignore', log, log],
    })
    child.on('error', error => process.emitWarning(`the launcher could not be started: ${error.message}`))
    child.unref()
  } finally {
    closeFd(binary)
    closeSync(log)
  }
}
