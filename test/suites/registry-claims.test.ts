// What only one may have: however many take at once, and whoever dies in between.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ClaimTable } from '../../control-plane/registry/strategies/claims.ts'
import { takeAny } from '../../control-plane/registry/strategies/number-pool.ts'
import { ManualClock } from '../manual-clock.ts'
import { RegistryFixture, refusal, service } from './registry-fixture.ts'
import { MemoryStore } from './registry-memory-store.ts'

const one = { uid: 'one' }
const two = { uid: 'two' }

function table(users: ReadonlySet<string> = new Set()) {
  const clock = new ManualClock()
  const claims = new ClaimTable({ store: new MemoryStore(), clock, prefix: '/c/', uses: uid => users.has(uid) })
  return { claims, clock }
}

describe('claims', () => {
  it('belong to who came first, until given back', async () => {
    const { claims } = table()
    assert.deepEqual(await Promise.all([claims.take('a', one), claims.take('a', two)]), [true, false])
    assert.equal(await claims.take('a', one), true)
    await claims.giveBack(['a', 'never-taken'], two)
    assert.equal(await claims.take('a', two), false)
    await claims.giveBack(['a'], one)
    assert.equal(await claims.take('a', two), true)
  })

  it('are free again when nobody uses them after a while', async () => {
    const { claims, clock } = table(new Set(['two']))
    await claims.take('a', one)
    await claims.take('b', two)
    clock.advance(59_000)
    assert.equal(await claims.take('a', { uid: 'three' }), false)
    clock.advance(2000)
    assert.deepEqual(await claims.taken(), new Set(['b']))
    assert.equal(await claims.take('b', one), false)
    assert.equal(await claims.take('a', { uid: 'three' }), true)
    assert.equal(await claims.take('a', one), false)
  })

  it('are found in a range to the very last', async () => {
    const { claims } = table()
    const options = {
      claims,
      ranges: [
        { from: 5, to: 9 },
        { from: 1, to: 2 },
      ],
      nameOf: String,
    }
    const taken: (number | undefined)[] = []
    for (let n = 0; n < 8; n++) taken.push(await takeAny(options, { uid: `u${n}` }))
    assert.equal(taken.pop(), undefined)
    assert.deepEqual(new Set(taken.slice(0, 5)), new Set([5, 6, 7, 8, 9]))
    assert.deepEqual(new Set(taken.slice(5)), new Set([1, 2]))
  })

  it('leave nothing taken behind a Service that was refused, and say when nothing is left', async () => {
    const fixture = await RegistryFixture.open(new MemoryStore(), {
      serviceCidr: '10.0.0.0/28',
      nodePorts: { from: 30_000, to: 30_001 },
    })
    const create = (name: string, spec = {}) => fixture.create('services', 'default', service(name, spec))
    const twoPorts = {
      type: 'NodePort',
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 81, nodePort: 99 },
      ],
    }
    for (let n = 0; n < 30; n++) await refusal(create('bad', twoPorts), 'Invalid')
    for (let n = 0; n < 30; n++) {
      await fixture
        .of('services')
        .create({ namespace: 'default', name: '' }, service('dry', { type: 'NodePort' }), { dryRun: true })
    }
    for (let n = 0; n < 14; n++) await create(`s${n}`)
    assert.match(
      (await refusal(create('more'), 'InternalError')).message,
      /failed to allocate a serviceIP: range is full \(10.0.0.0\/28\)/,
    )
    await fixture.of('services').delete({ namespace: 'default', name: 's3' })
    await create('more')
    fixture.close()
  })
})
