// What survives whose death: readers of output, clients, the launcher itself; and that nothing is left behind.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { constants, mkdirSync, openSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { buildContainerPlan } from '../../node-agent/runtime/container/build-plan.ts'
import { makeFifo } from '../../node-agent/sys/fifo.ts'
import { processStartTime } from '../../node-agent/sys/process.ts'
import { eventually, failure, LauncherFixture } from './launcher-harness.ts'

const fixture = new LauncherFixture()
before(() => fixture.open())
after(() => fixture.close())

describe('survival', () => {
  it('keeps writers alive when the reader of a FIFO goes, and loses no line', async () => {
    const fifo = path.join(fixture.folder, 'out.fifo')
    makeFifo(fifo)
    const held = { kind: 'fifo', path: fifo, hold: true } as const
    const script = 'i=0; while [ $i -lt 3000 ]; do echo "line $i of a log that is read twice"; i=$((i+1)); done'
    const spec = fixture.spec(['sh', '-c', `${script}; exit 3`], {
      stdio: { kind: 'streams', stdin: { kind: 'null' }, stdout: held, stderr: held },
    })
    let output = ''
    const read = (): net.Socket => {
      const socket = new net.Socket({ fd: openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK), writable: false })
      return socket.on('data', (chunk: Buffer) => {
        output += chunk.toString()
      })
    }
    const first = read()
    // It leaves with the first chunk, a pipe's fill at most: before the program has said all.
    first.once('data', () => first.destroy())
    const left = once(first, 'close')
    await fixture.launcher.start(buildContainerPlan(spec))
    await left
    const second = read()
    assert.equal((await fixture.exitOf(spec.id)).exitCode, 3)
    await eventually('the last line', () => output.endsWith('line 2999 of a log that is read twice\n'))
    second.destroy()
    const lines = output.trimEnd().split('\n')
    assert.deepEqual(
      lines,
      Array.from({ length: 3000 }, (_, index) => `line ${index} of a log that is read twice`),
    )
    await fixture.launcher.acknowledge([spec.id])
  })

  it('tells a client that comes later what ended, until it is acknowledged', async () => {
    const spec = fixture.spec(['sh', '-c', 'exit 9'])
    await fixture.launcher.start(buildContainerPlan(spec))
    await fixture.exitOf(spec.id)
    const second = await fixture.connect()
    assert.deepEqual(
      (await second.list()).exits.map(exit => [exit.id, exit.exitCode]),
      [[spec.id, 9]],
    )
    await second.acknowledge([spec.id])
    assert.deepEqual((await fixture.launcher.list()).exits, [])
    assert.deepEqual(fixture.stateFiles(), [])
    second.close()
  })

  it('cuts off what does not speak its language, and serves the others', async () => {
    const socket = net.connect(fixture.socket).on('error', () => undefined)
    const cut = new Promise(resolve => socket.once('close', resolve))
    // Unread, whatever it is told would hide the end.
    socket.resume().write('GET / HTTP/1.1\r\n\r\n')
    await cut
    assert.ok((await fixture.launcher.info()).pid > 0)
  })

  it('finds containers again after the launcher was killed, and tells how they end', async () => {
    const staying = await fixture.sleeper()
    const waiting = fixture.spec(['sh', '-c', 'while [ ! -e /end ]; do sleep 0.05; done; exit 5'])
    const ending = await fixture.launcher.start(buildContainerPlan(waiting))
    const { pid } = await fixture.launcher.info()
    process.kill(pid, 'SIGKILL')
    await eventually('a new launcher', async () => {
      try {
        return (await fixture.launcher.info()).pid !== pid
      } catch {
        return false
      }
    })
    const { running } = await fixture.launcher.list()
    assert.deepEqual(running.map(record => record.id).sort(), [staying.id, ending.id].sort())
    assert.equal(processStartTime(staying.pid), staying.startTime)
    await fixture.exec(ending, ['touch', '/end'])
    const exit = await fixture.exitOf(ending.id)
    // Nobody but its parent learns how a process ended before Linux 6.15.
    assert.ok(exit.lost === true ? exit.exitCode === 255 : exit.exitCode === 5)
    const { stdout } = await fixture.exec(staying, ['echo', 'alive'])
    assert.equal(stdout, 'alive\n')
    await fixture.end(staying.id)
    await fixture.launcher.acknowledge([ending.id])
  })

  const childrenOf = (pid: number): number[] =>
    (readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').match(/\d+/g) ?? []).map(Number)

  it('starts nothing that it cannot put on record, and keeps nothing of it', async () => {
    const { pid } = await fixture.launcher.info()
    await eventually('a spare child', () => childrenOf(pid).length === 1)
    const descriptors = readdirSync(`/proc/${pid}/fd`).length
    const [records, away] = ['running', 'running.away'].map(name => path.join(fixture.stateDir, name)) as [
      string,
      string,
    ]
    renameSync(records, away)
    const witness = path.join(fixture.folder, 'witness')
    mkdirSync(witness)
    const mounts = [{ kind: 'bind', source: witness, target: '/witness' }] as const
    const error = await failure(fixture.run(['touch', '/witness/ran'], {}, { mounts }))
    renameSync(away, records)
    assert.match(error.message, /ENOENT.*running/)
    assert.deepEqual(readdirSync(witness), [])
    await eventually('one child', () => childrenOf(pid).length === 1)
    await eventually('its descriptors', () => readdirSync(`/proc/${pid}/fd`).length <= descriptors)
    assert.equal((await fixture.run(['true'])).exit.exitCode, 0)
  })

  it('leaves no zombie and no descriptor behind', async () => {
    const { pid } = await fixture.launcher.info()
    const descriptors = (): number => readdirSync(`/proc/${pid}/fd`).length
    const children = (): number[] => childrenOf(pid)
    await fixture.run(['true'])
    // Besides what it runs, the launcher has one child that waits for the next plan.
    await eventually('a spare child', () => children().length === 1)
    const before = descriptors()
    await Promise.all(Array.from({ length: 30 }, () => fixture.run(['true'])))
    await Promise.allSettled(Array.from({ length: 10 }, () => fixture.run(['nosuch'])))
    // Not equal: a child just made may have had its descriptors open here when they were counted.
    await eventually('one child', () => children().length === 1 && descriptors() <= before)
    const [spare] = children()
    assert.ok(spare !== undefined && spare > 1)
    process.kill(spare, 'SIGKILL')
    await eventually('no zombie', () => !children().includes(spare))
    assert.equal((await fixture.run(['true'])).exit.exitCode, 0)
    assert.deepEqual(fixture.stateFiles(), [])
    assert.equal(fixture.logText().replace(/.*cut off.*\n/, ''), '')
  })
})
