// Real servers for tests: on loopback, each in a directory of its own, ended by process id.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
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

async function freePort(): Promise<number> {
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

/** @param args more of etcd's flags */
export async function etcdServer(...args: string[]): Promise<TestServer> {
  const peer = await freePort()
  return testServer(
    'etcd',
    (port, directory) => [
      'etcd',
      '--name=test',
      `--data-dir=${directory}/data`,
      `--listen-client-urls=http://127.0.0.1:${port}`,
      `--advertise-client-urls=http://127.0.0.1:${port}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-cluster=test=http://127.0.0.1:${peer}`,
      ...args,
    ],
    async port => {
      const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined)
      return answer !== undefined && (await answer.text()).includes('"true"')
    },
  )
}

/** Flushes every write before it answers. */
export async function redisServer(): Promise<TestServer> {
  return testServer(
    'redis',
    (port, directory) => [
      'redis-server',
      ...['--bind', '127.0.0.1', '--port', String(port), '--dir', directory],
      ...['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''],
    ],
    async port => {
      const socket = connect(port, '127.0.0.1')
      try {
        socket.write('PING\r\n')
        const [answer] = (await once(socket, 'data')) as [Buffer]
        return answer.toString().startsWith('+PONG')
      } catch {
        return false
      } finally {
        socket.destroy()
      }
    },
  )
}
