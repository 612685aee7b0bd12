import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { describe, it } from 'node:test'
import { blockSignals, hearsSignal } from './signals.ts'

const { SIGUSR2, SIGKILL } = constants.signals

describe('hearsSignal', () => {
  const hears = (signal = SIGUSR2): boolean => hearsSignal(process.pid, signal)

  it('holds for what is handled or held back, and for what nobody can refuse', () => {
    assert.deepEqual([hears(), hears(SIGKILL)], [false, true])
    const handler = (): void => undefined
    process.on('SIGUSR2', handler)
    assert.equal(hears(), true)
    process.off('SIGUSR2', handler)
    assert.equal(hears(), false)
    const unblock = blockSignals()
    assert.equal(hears(), true)
    unblock()
    assert.equal(hears(), false)
  })

  it('holds for a process that is gone', () => {
    assert.equal(hearsSignal(0x3fffff, SIGUSR2), true)
  })
})
