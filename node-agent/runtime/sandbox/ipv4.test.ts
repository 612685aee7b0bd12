import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addressBytes, formatAddress, gatewayOf, macOf, parseAddress, parseNetwork } from './ipv4.ts'

describe('IPv4 networks', () => {
  it('give the gateway the first address, and drop host bits', () => {
    const network = parseNetwork('10.244.1.77/24')
    assert.equal(network.cidr, '10.244.1.0/24')
    assert.equal(network.size, 256)
    assert.equal(formatAddress(gatewayOf(network)), '10.244.1.1')
  })

  it('work above 128.0.0.0, where numbers no longer fit signed 32 bits', () => {
    const network = parseNetwork('203.0.115.9/22')
    assert.equal(network.cidr, '203.0.112.0/22')
    assert.deepEqual([...addressBytes(gatewayOf(network))], [203, 0, 112, 1])
    assert.equal(parseAddress('255.255.255.255'), 0xffffffff)
  })

  it('have locally administered unicast MAC addresses', () => {
    assert.deepEqual([...macOf(gatewayOf(parseNetwork('10.244.1.0/24')))], [0x0a, 0x58, 10, 244, 1, 1])
  })

  for (const [text, why] of [
    ['10.244.1.0', 'expected an IPv4 network'],
    ['10.244.1.0/31', 'between /8 and /30'],
    ['10.256.0.0/16', 'expected an IPv4 network'],
    ['fd00::/64', 'IPv6'],
  ] as const) {
    it(`refuse ${text}`, () => {
      assert.throws(() => parseNetwork(text), { message: new RegExp(`^pod CIDR "${text}": .*${why}`) })
    })
  }
})
