import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { describe, it } from 'node:test'
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import { closeFd, O_NOCTTY, O_RDWR, openPath, writeAll } from '../../sys/fd.ts'
import { openSlave } from '../../sys/pty.ts'
import { openTerminal, untilHungUp } from './terminal.ts'

const nothingLeft = { bytes: Buffer.alloc(0), hungUp: true }

function silentMaster(): Duplex {
  return new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
}

async function hear(terminal: Duplex): Promise<string> {
  let heard = ''
  for await (const chunk of terminal) heard += String(chunk)
  return heard
}

describe('terminal', () => {
  it('gives all that was said before the last slave was closed', async () => {
    const lines = Array.from({ length: 20 }, (_, line) => `line ${line}\n`)
    for (let round = 0; round < 300; round++) {
      const master = openPath('/dev/ptmx', O_RDWR | O_NOCTTY)
      const slave = openSlave(master)
      const terminal = openTerminal(process.pid, master)
      await turn()
      for (const line of lines) writeAll(slave, Buffer.from(line))
      closeFd(slave)
      assert.equal(await hear(terminal.stream), lines.join('').replaceAll('\n', '\r\n'))
      closeFd(master)
    }
  })

  it('gives what was read before the hang-up to a slow reader too', async () => {
    const master = silentMaster()
    const terminal = untilHungUp(
      () => master,
      () => nothingLeft,
    )
    master.push('one ')
    await delay(5)
    master.push('two')
    await delay(5)
    // As Node does at a read's error.
    master.destroy(Object.assign(new Error('read EIO'), { code: 'EIO' }))
    await delay(5)
    assert.equal(await hear(terminal), 'one two')
  })

  it('goes on when somebody opens it again after a hang-up', async () => {
    const [first, second] = [silentMaster(), silentMaster()]
    const masters = [first, second]
    const rests = [{ bytes: Buffer.from(' rest '), hungUp: false }, nothingLeft]
    const terminal = untilHungUp(
      () => masters.shift() ?? assert.fail('one too many'),
      () => rests.shift() ?? assert.fail('one too many'),
    )
    const heard = hear(terminal)
    first.push('one')
    await delay(5)
    first.push(null)
    await delay(5)
    second.push('two')
    second.push(null)
    assert.equal(await heard, 'one rest two')
  })

  it('does not mind what is typed after the hang-up', async () => {
    const master = silentMaster()
    const terminal = untilHungUp(
      () => master,
      () => nothingLeft,
    )
    master.push('last words')
    await delay(5)
    master.destroy(Object.assign(new Error('read EIO'), { code: 'EIO' }))
    await delay(5)
    terminal.write('typed')
    await delay(5)
    assert.equal(await hear(terminal), 'last words')
  })

  it('fails when the terminal does', async () => {
    const master = silentMaster()
    const terminal = untilHungUp(
      () => master,
      () => nothingLeft,
    )
    master.destroy(new Error('broken'))
    await assert.rejects(hear(terminal), /broken/)
  })
})
