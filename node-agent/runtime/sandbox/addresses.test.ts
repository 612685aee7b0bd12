import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, beforeEach, describe, it } from 'node:test'
import { AddressPool } from './addresses.ts'
import { formatAddress, parseNetwork } from './ipv4.ts'

const network = parseNetwork('10.9.8.0/29')

describe('address pool', () => {
  let folder = ''
  const folders: string[] = []
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tessera-pool-'))
    folders.push(folder)
  })
  after(() => folders.forEach(each => rmSync(each, { recursive: true })))

  it('gives each address once, over restarts, and none of the reserved ones', () => {
    const given = ['a', 'b', 'c', 'd', 'e'].map(id => formatAddress(new AddressPool(folder).take(network, id)))
    assert.deepEqual(given.sort(), ['10.9.8.2', '10.9.8.3', '10.9.8.4', '10.9.8.5', '10.9.8.6'])
    assert.throws(() => new AddressPool(folder).take(network, 'f'), /all 5 addresses of 10\.9\.8\.0\/29 are taken/)
  })

  it('lets a released address rest before it is given again', () => {
    const pool = new AddressPool(folder)
    const first = pool.take(network, 'a')
    pool.release('a')
    assert.notEqual(pool.take(network, 'b'), first)
    assert.deepEqual([...pool.owners()], ['b'])
  })
})
