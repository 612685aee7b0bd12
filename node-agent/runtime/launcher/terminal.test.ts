import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { untilHungUp } from './terminal.ts'

/** As a terminal's master behaves: destroyed with EIO as soon as the last slave is closed. */
function hangUp(master: Duplex): void {
  master.destroy(Object.assign(new Error('read EIO'), { code: 'EIO' }))
}

describe('terminal', () => {
  it('gives all that was read before the hang-up, to a slow reader too', async () => {
    const master = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
    const terminal = untilHungUp(master)
    master.push('one ')
    await delay(5)
    master.push('two')
    await delay(5)
    hangUp(master)
    await delay(5)
    let heard = ''
    for await (const chunk of terminal) heard += String(chunk)
    assert.equal(heard, 'one two')
  })

  it('fails when the terminal does', async () => {
    const master = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
    const terminal = untilHungUp(master)
    master.destroy(new Error('broken'))
    await assert.rejects(async () => {
      for await (const _ of terminal) assert.fail('nothing was said')
    }, /broken/)
  })
})
