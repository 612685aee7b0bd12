// Commands in containers, and terminals.
import assert from 'node:assert/strict'
import { readlinkSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { buildContainerPlan, buildExecPlan } from '../../node-agent/runtime/container/build-plan.ts'
import { openExecStreams, openTerminal } from '../../node-agent/runtime/launcher/terminal.ts'
import { eventually, failure, LauncherFixture } from './launcher-harness.ts'

const fixture = new LauncherFixture()
before(() => fixture.open())
after(() => fixture.close())

describe('exec', () => {
  it('joins the container and reports its own end', async () => {
    const container = await fixture.sleeper()
    const { stdout, exit, started } = await fixture.exec(container, ['sh', '-c', 'ps -o pid,comm; exit 7'])
    assert.match(stdout, /^ +1 sleep$/m)
    assert.equal(exit.exitCode, 7)
    assert.equal(exit.kind, 'exec')
    for (const kind of ['pid', 'mnt', 'net', 'ipc', 'uts', 'cgroup']) {
      const link = await fixture.exec(container, ['readlink', `/proc/self/ns/${kind}`])
      assert.equal(link.stdout.trim(), readlinkSync(`/proc/${container.pid}/ns/${kind}`), kind)
    }
    assert.notEqual(started.pid, container.pid)
    await fixture.end(container.id)
  })

  it('passes standard input on and sees its end', async () => {
    const container = await fixture.sleeper()
    const streams = openExecStreams({ stdin: true })
    const id = fixture.newId()
    const process = fixture.spec(['wc', '-c'], { stdio: { kind: 'streams', ...streams.sources } }).process
    await fixture.launcher.start(buildExecPlan({ id, container, process }))
    streams.started()
    streams.stdin?.end(Buffer.alloc(300_000, 'x'))
    const chunks: Buffer[] = []
    for await (const chunk of streams.stdout) chunks.push(chunk as Buffer)
    assert.equal(Buffer.concat(chunks).toString().trim(), '300000')
    await fixture.exitOf(id)
    await fixture.launcher.acknowledge([id])
    await fixture.end(container.id)
  })

  it('has the container’s null device for stdin, or one of its own where the container has none', async () => {
    const look = ['stat', '-L', '-c', '%t:%T %d %i', '/proc/self/fd/0']
    const container = await fixture.sleeper()
    const own = await fixture.exec(container, ['stat', '-c', '%t:%T %d %i', '/dev/null'])
    assert.equal((await fixture.exec(container, look)).stdout, own.stdout)
    for (const replace of ['rm /dev/null', 'ln -s /etc/passwd /dev/null', 'rm /dev/null; echo text > /dev/null']) {
      await fixture.exec(container, ['sh', '-c', replace])
      const { stdout } = await fixture.exec(container, look)
      assert.match(stdout, /^1:3 /)
      assert.notEqual(stdout, own.stdout)
      assert.equal((await fixture.exec(container, ['cat'])).stdout, '')
    }
    await fixture.end(container.id)
  })

  it('ends with its container, and refuses one that is gone', async () => {
    const container = await fixture.sleeper()
    const id = fixture.newId()
    const { process } = fixture.spec(['sleep', '1000'])
    await fixture.launcher.start(buildExecPlan({ id, container, process }))
    await fixture.end(container.id)
    assert.equal((await fixture.exitOf(id)).exitCode, 137)
    await fixture.launcher.acknowledge([id])
    const error = await failure(fixture.exec(container, ['true']))
    assert.equal(error.message, `the container's process ${container.pid} is not running`)
  })

  it('fails like a start does', async () => {
    const container = await fixture.sleeper()
    assert.equal((await failure(fixture.exec(container, ['nosuch']))).failure.exitCode, 127)
    await fixture.end(container.id)
  })
})

describe('a terminal', () => {
  const terminal = { kind: 'terminal', columns: 80, rows: 24 } as const

  it('is one of the container, can be resized, and gives the last output', async () => {
    const script = 'tty; stty size; read line; stty size; echo got $line; ls -l /dev/console'
    const spec = fixture.spec(['sh', '-c', script], { stdio: terminal })
    const started = await fixture.launcher.start(buildContainerPlan(spec))
    assert.ok(started.terminalFd !== undefined)
    const { pid } = await fixture.launcher.info()
    const { stream, resize } = openTerminal(pid, started.terminalFd)
    let output = ''
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    await eventually('the prompt', () => output.includes('24 80'))
    resize(132, 50)
    stream.write('hello\n')
    await fixture.exitOf(spec.id)
    await eventually('the end', () => stream.destroyed || stream.closed)
    assert.match(output, /^\/dev\/pts\/0\r\n24 80\r\n/)
    assert.match(output, /50 132\r\ngot hello\r\n.*\/dev\/console\r\n$/s)
    await fixture.launcher.acknowledge([spec.id])
  })

  it('works for exec too, with Ctrl-C', async () => {
    const container = await fixture.sleeper()
    const id = fixture.newId()
    const { process } = fixture.spec(['sleep', '1000'], { stdio: terminal })
    const started = await fixture.launcher.start(buildExecPlan({ id, container, process }))
    const { pid } = await fixture.launcher.info()
    const { stream } = openTerminal(pid, started.terminalFd ?? -1)
    stream.resume()
    stream.write('\x03')
    const exit = await fixture.exitOf(id)
    assert.equal(exit.signal, 2)
    stream.destroy()
    await fixture.launcher.acknowledge([id])
    await fixture.end(container.id)
  })
})
