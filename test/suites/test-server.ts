// A real server for tests: on loopback, in a directory of its own, ended by its process id.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { claimPorts } from '../ports.ts'

export interface TestServer {
  readonly address: string
  start(): Promise<void>
  /** Resolves when the signal has done its work: the server has ended, or stands still. */
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>
  /** Ends it and removes its data. */
  dispose(): Promise<void>
}

/** A server that is not running yet. @param command its program and arguments for a port and a directory */
export async function testServer(
  name: string,
  command: (port: number, directory: string) => Promise<string[]> | string[],
  isReady: (port: number) => Promise<boolean>,
): Promise<TestServer> {
  const directory = await mkdtemp(path.join(tmpdir(), `tessera-${name}-`))
  const port = await claimPorts()
  const [program = '', ...args] = await command(port, directory)
  let child: ChildProcess | undefined
  const stop = (): void => void child?.kill('SIGKILL')
  process.once('exit', stop)

  async function kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    if (child?.pid === undefined || hasEnded(child)) return
    const exited = signal === 'SIGKILL' ? once(child, 'exit') : undefined
    child.kill(signal)
    if (signal === 'SIGSTOP') await untilStopped(child.pid)
    await exited
  }

  return {
    kill,
    address: `127.0.0.1:${port}`,
    async start() {
      const started = spawn(program, args, { stdio: 'ignore', cwd: directory })
      child = started
      let failure: Error | undefined
      started.on('error', error => {
        failure = error
      })
      const deadline = Date.now() + 60_000
      while (!(await isReady(port))) {
        if (failure) throw failure
        assert.ok(!hasEnded(started), `${name} ended with ${started.exitCode ?? started.signalCode}`)
        assert.ok(Date.now() < deadline, `${name} did not begin to answer`)
        await delay(20)
      }
    },
    async dispose() {
      await kill('SIGKILL')
      process.removeListener('exit', stop)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null

/** Each thread stops by itself, soon after the signal; until then it may still answer. */
async function untilStopped(pid: number): Promise<void> {
  const isStopped = (thread: string): boolean => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')')).startsWith(') T')
  }
  while (!readdirSync(`/proc/${pid}/task`).every(isStopped)) await delay(1)
}
