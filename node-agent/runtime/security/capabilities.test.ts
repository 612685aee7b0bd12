import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { capabilityNames } from '../../sys/capability-names.ts'
import { containerCapabilities, defaultCapabilities, UnknownCapabilityError } from './capabilities.ts'

describe('containerCapabilities', () => {
  it('is the default set when nothing is said', () => {
    assert.deepEqual([...containerCapabilities([], [])].sort(), [...defaultCapabilities].sort())
  })

  it('takes names with and without CAP_, in any case', () => {
    assert.ok(containerCapabilities(['net_admin'], []).includes('CAP_NET_ADMIN'))
    assert.ok(!containerCapabilities([], ['CAP_CHOWN']).includes('CAP_CHOWN'))
  })

  it('applies ALL before single names', () => {
    assert.deepEqual(containerCapabilities(['NET_BIND_SERVICE'], ['ALL']), ['CAP_NET_BIND_SERVICE'])
    const allButOne = containerCapabilities(['ALL'], ['SYS_ADMIN'])
    assert.equal(allButOne.length, capabilityNames.length - 1)
    assert.ok(!allButOne.includes('CAP_SYS_ADMIN'))
  })

  it('refuses what is no capability, by name', () => {
    assert.throws(() => containerCapabilities(['NET_ADMN'], []), new UnknownCapabilityError('NET_ADMN'))
  })
})
