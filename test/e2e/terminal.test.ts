// `tsctl exec -it` in a real terminal: raw keys, the terminal's size and its changes, the exit code.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openSlave, setWindowSize } from '../../node-agent/sys/pty.ts'
import { type Cluster, eventually, importDemoImage, root, startCluster } from './cluster.ts'

describe('tsctl exec -it', () => {
  let cluster: Cluster
  before(async () => {
    cluster = await startCluster()
    await importDemoImage(cluster)
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'shell' },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'main', image: 'tessera/demo:1', command: ['sleep', '1000'] }],
      },
    }
    await cluster.ok(['apply', '-f', '-'], JSON.stringify(pod))
    await eventually(async () =>
      assert.match(await cluster.ok(['get', 'pod', 'shell', '--no-headers']), /1\/1 +Running/),
    )
  })
  after(() => cluster.stop())

  it('is a terminal: echoes, has a size that follows ours, passes Ctrl-C and the exit code on', async () => {
    await using terminal = new Terminal(100, 30)
    const exit = terminal.run(['dist/tsctl.js', '--kubeconfig', cluster.kubeconfig, 'exec', '-it', 'shell', '--', 'sh'])
    // Until the shell has taken the terminal over, keys would be read by whoever has it.
    await terminal.shows(/\/ # /)
    terminal.type('stty size; test -t 0 && echo is-a-tty\n')
    await terminal.shows(/30 100\s+is-a-tty/)
    terminal.resize(132, 43)
    await terminal.shows(/43 132/, () => terminal.type('stty size\n'))
    // What is typed is echoed; only what is run says it without the quotes.
    terminal.type("sh -c 'echo sle''eping; exec sleep 1000'\n")
    await terminal.shows(/sleeping/)
    terminal.type('\u0003')
    await terminal.shows(/back 130/, () => terminal.type("echo ba''ck $?\n"))
    terminal.type('exit 9\n')
    assert.equal(await exit, 9)
  })
})

/** A pseudo-terminal of the host with a program in it. */
class Terminal implements AsyncDisposable {
  readonly #master = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
  readonly #slave = openSlave(this.#master)
  #screen = ''
  #open = true
  #child: ChildProcess | undefined
  readonly #reading: Promise<void>

  constructor(columns: number, rows: number) {
    setWindowSize(this.#slave, columns, rows)
    this.#reading = this.#read()
  }

  /** @returns its exit code */
  run(args: readonly string[]): Promise<number | null> {
    const stdio = [this.#slave, this.#slave, this.#slave]
    const child = spawn(process.execPath, args, { cwd: root, stdio })
    this.#child = child
    return new Promise(resolve => child.on('exit', code => resolve(code)))
  }

  resize(columns: number, rows: number): void {
    setWindowSize(this.#slave, columns, rows)
    // The kernel tells the terminal's foreground process group; the program was not made the leader of one here.
    this.#child?.kill('SIGWINCH')
  }

  type(keys: string): void {
    writeSync(this.#master, keys)
  }

  /** Waits for a text. @param again done every now and then until it is there */
  async shows(text: RegExp, again?: () => void): Promise<void> {
    await eventually(async () => {
      again?.()
      await delay(200)
      assert.match(this.#screen, text)
    })
  }

  async #read(): Promise<void> {
    const buffer = Buffer.alloc(4096)
    while (this.#open) {
      try {
        this.#screen += buffer.toString('utf8', 0, readSync(this.#master, buffer))
      } catch {
        await delay(20) // EAGAIN: nothing to read now.
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child?.kill('SIGKILL')
    this.#open = false
    await this.#reading
    closeSync(this.#slave)
    closeSync(this.#master)
  }
}
