import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addressBlock } from './service-addresses.ts'

describe('a block of service addresses', () => {
  it('knows its addresses, without the first and the last', () => {
    const block = addressBlock('10.96.0.0/16')
    assert.equal(block.address(1), '10.96.0.1')
    assert.equal(block.address(65_534), '10.96.255.254')
    for (const address of ['10.96.0.1', '10.96.255.254']) assert.ok(block.contains(address), address)
    for (const address of ['10.96.0.0', '10.96.255.255', '10.97.0.1', '10.95.255.255', '::1', 'x']) {
      assert.ok(!block.contains(address), address)
    }
    assert.deepEqual(block.ranges, [
      { from: 256, to: 65_534 },
      { from: 1, to: 255 },
    ])
  })

  it('leaves a part of a small block to people too, and all of it to allocate at last', () => {
    assert.deepEqual(addressBlock('192.168.1.7/24').ranges, [
      { from: 16, to: 254 },
      { from: 1, to: 15 },
    ])
    assert.deepEqual(addressBlock('192.168.1.0/28').ranges, [
      { from: 14, to: 14 },
      { from: 1, to: 13 },
    ])
  })

  it('says what a block must be', () => {
    for (const cidr of ['10.96.0.0', '10.96.0.0/33', '10.96.0.0/30', 'fd00::/108', '10.0.0.0/4', '300.0.0.0/16']) {
      assert.throws(() => addressBlock(cidr), /service CIDR .*: must be an IPv4 block of 8 to 28 bits/)
    }
  })
})
