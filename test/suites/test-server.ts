// A real server for tests: on loopback, in a directory of its own, ended by its process id.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export interface TestServer {
  readonly address: string
  start(): Promise<void>
  kill(signal: NodeJS.Signals): Promise<void>
  /** Ends it and removes its data. */
  dispose(): Promise<void>
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** A server that is not running yet. @param command its program and arguments for a port and a directory */
export async function testServer(
  name: string,
  command: (port: number, directory: string) => Promise<string[]> | string[],
  isReady: (port: number) => Promise<boolean>,
): Promise<TestServer> {
  const directory = await mkdtemp(path.join(tmpdir(), `tessera-${name}-`))
  const port = await freePort()
  const [program = '', ...args] = await command(port, directory)
  let child: ChildProcess | undefined
  const stop = (): void => void child?.kill('SIGKILL')
  process.once('exit', stop)

  async function kill(signal: NodeJS.Signals): Promise<void> {
    if (!child) return
    const exited = once(child, 'exit')
    child.kill(signal)
    if (signal !== 'SIGKILL' && signal !== 'SIGTERM') return
    await exited
    child = undefined
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
      const deadline = Date.now() + 20_000
      while (!(await isReady(port))) {
        if (failure) throw failure
        assert.equal(started.exitCode, null, `${name} ended with code ${started.exitCode}`)
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
