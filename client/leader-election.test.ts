import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { leases } from '../api/kinds/coordination-v1/lease.ts'
import { ManualClock } from '../test/manual-clock.ts'
import { UnavailableError } from './call-error.ts'
import { FakeClient } from './fake.ts'
import { LeadershipLostError, withLeadership } from './leader-election.ts'

const at = { namespace: 'kube-system', name: 'tester' }

/** Everybody's clock and lease; each candidate can be cut off from the API. */
function setUp() {
  const clock = new ManualClock()
  const cutOff = new Set<string>()
  const leading = new Set<string>()
  const store = new FakeClient({ clock })

  function candidate(identity: string) {
    const controller = new AbortController()
    // Its own way to the shared store.
    const client = new Proxy(store, {
      get(target, name) {
        if (cutOff.has(identity)) return () => Promise.reject(new UnavailableError('fake', 'cut off'))
        const member: unknown = Reflect.get(target, name)
        return typeof member === 'function' ? (member.bind(target) as unknown) : member
      },
    })
    const result = withLeadership(client, { ...at, identity, clock }, controller.signal, async signal => {
      leading.add(identity)
      assert.equal(leading.size, 1, `${[...leading].join(' and ')} lead at the same time`)
      await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
      leading.delete(identity)
    })
    return { controller, result }
  }

  /** Lets time pass in small steps, with everything that follows from each. */
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      clock.advance(500)
      for (let i = 0; i < 10; i++) await turn()
    }
  }
  return { store, cutOff, leading, candidate, pass }
}

describe('withLeadership', () => {
  it('lets one lead, and the next when it steps down, without waiting for the lease to expire', async () => {
    const { store, leading, candidate, pass } = setUp()
    const one = candidate('one')
    await pass(500)
    const two = candidate('two')
    await pass(60_000)
    assert.deepEqual([...leading], ['one'])
    one.controller.abort()
    await one.result
    await pass(2_500)
    assert.deepEqual([...leading], ['two'])
    const { spec } = await store.get(leases, at)
    assert.equal(spec.holderIdentity, 'two')
    assert.equal(spec.leaseTransitions, 1)
    two.controller.abort()
    await two.result
  })

  it('a leader cut off stops before another begins', async () => {
    const { cutOff, leading, candidate, pass } = setUp()
    const one = candidate('one')
    await pass(500)
    const two = candidate('two')
    const lost = assert.rejects(one.result, LeadershipLostError)
    await pass(5_000)
    cutOff.add('one')
    await pass(12_000)
    assert.deepEqual([...leading], [])
    await lost
    await pass(6_000)
    assert.deepEqual([...leading], ['two'])
    two.controller.abort()
    await two.result
  })

  it('goes on leading through a short absence of the API', async () => {
    const { cutOff, leading, candidate, pass } = setUp()
    const one = candidate('one')
    await pass(5_000)
    cutOff.add('one')
    await pass(6_000)
    cutOff.delete('one')
    await pass(20_000)
    assert.deepEqual([...leading], ['one'])
    one.controller.abort()
    await one.result
  })

  it('takes a lease over only after watching it stand still for its whole duration', async () => {
    const { store, leading, candidate, pass } = setUp()
    // Its holder's clock is wrong by years: that says nothing about whether it is alive.
    await store.create(leases, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: at,
      spec: { holderIdentity: 'gone', leaseDurationSeconds: 15, renewTime: '2001-01-01T00:00:00.000000Z' },
    })
    const one = candidate('one')
    await pass(14_000)
    assert.deepEqual([...leading], [])
    await pass(4_000)
    assert.deepEqual([...leading], ['one'])
    one.controller.abort()
    await one.result
  })

  it('stops waiting when told to', async () => {
    const { candidate, pass, leading } = setUp()
    const one = candidate('one')
    await pass(500)
    const two = candidate('two')
    await pass(500)
    two.controller.abort()
    await two.result
    assert.deepEqual([...leading], ['one'])
    one.controller.abort()
    await one.result
  })
})
