import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StatusError } from '../api/errors.ts'
import { events } from '../api/kinds/core-v1/event.ts'
import { ManualClock } from '../test/manual-clock.ts'
import { pod } from '../test/suites/client.ts'
import { UnavailableError } from './call-error.ts'
import { EventWriter } from './events.ts'
import { type FakeCall, FakeClient } from './fake.ts'

function setUp(before?: (call: FakeCall) => void) {
  const clock = new ManualClock()
  const calls: string[] = []
  const client = new FakeClient({
    clock,
    before: call => {
      calls.push(call.verb)
      before?.(call)
    },
  })
  const controller = new AbortController()
  const dropped: string[] = []
  const onDropped = ({ reason }: { reason: string }): void => void dropped.push(reason)
  const writer = new EventWriter(client, { component: 'tester', clock, onDropped }, controller.signal)
  const listed = async () => (await client.list(events)).items
  return { clock, client, calls, controller, dropped, writer, listed }
}

const object = pod('a', { uid: 'uid-a' })

describe('EventWriter', () => {
  it('writes what happened, to what, when and who says so', async () => {
    const { writer, listed } = setUp()
    writer.record(object, 'Warning', 'Failed', 'it broke', 'spec.containers{main}')
    await writer.flushed()
    const [event, ...others] = await listed()
    assert.equal(others.length, 0)
    assert.match(event?.metadata.name ?? '', /^a\.[0-9a-f]{16}$/)
    assert.equal(event?.metadata.namespace, 'default')
    const { type, reason, message, count, firstTimestamp, lastTimestamp, source, involvedObject } = event
    assert.deepEqual(
      { type, reason, message, count, firstTimestamp, lastTimestamp, source },
      {
        type: 'Warning',
        reason: 'Failed',
        message: 'it broke',
        count: 1,
        firstTimestamp: '2024-01-01T00:00:00Z',
        lastTimestamp: '2024-01-01T00:00:00Z',
        source: { component: 'tester' },
      },
    )
    assert.deepEqual(involvedObject, {
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: 'default',
      name: 'a',
      uid: 'uid-a',
      fieldPath: 'spec.containers{main}',
    })
  })

  it('counts repetitions, and writes those that come together once', async () => {
    const { writer, clock, listed, calls } = setUp()
    for (let i = 0; i < 3; i++) writer.record(object, 'Normal', 'Tick', 'again')
    await writer.flushed()
    assert.deepEqual(calls, ['create'])
    clock.advance(5_000)
    writer.record(object, 'Normal', 'Tick', 'again')
    await writer.flushed()
    assert.deepEqual(calls, ['create', 'patch'])
    const [event] = await listed()
    assert.equal(event?.count, 4)
    assert.equal(event.firstTimestamp, '2024-01-01T00:00:00Z')
    assert.equal(event.lastTimestamp, '2024-01-01T00:00:05Z')
  })

  it('tells anew what expired meanwhile', async () => {
    const { writer, client, listed } = setUp()
    writer.record(object, 'Normal', 'Tick', 'again')
    await writer.flushed()
    const [{ metadata } = { metadata: { namespace: '', name: '' } }] = await listed()
    await client.delete(events, metadata)
    writer.record(object, 'Normal', 'Tick', 'again')
    await writer.flushed()
    assert.equal((await listed())[0]?.count, 2)
  })

  it('tells many similar things as one, and cuts off an object talked about without end', async () => {
    const { writer, listed } = setUp()
    for (let i = 0; i < 100; i++) writer.record(object, 'Normal', 'Many', `message ${i}`)
    await writer.flushed()
    const written = await listed()
    assert.equal(written.length, 11)
    const combined = written.find(event => event.message?.startsWith('(combined from similar events): '))
    assert.equal(combined?.message, '(combined from similar events): message 99')
    writer.record(pod('b', { uid: 'uid-b' }), 'Normal', 'Other', 'unaffected')
    await writer.flushed()
    assert.equal((await listed()).length, 12)
  })

  it('tries again while the API is away, and gives up in the end', async () => {
    let away = 3
    const { writer, clock, listed, dropped } = setUp(({ verb }) => {
      if (verb === 'create' && away-- > 0) throw new UnavailableError('fake', 'away')
    })
    writer.record(object, 'Normal', 'Tick', 'one')
    for (let i = 0; i < 5; i++) {
      await writer.flushed()
      clock.advance(20_000)
    }
    assert.equal((await listed()).length, 1)
    away = Infinity
    writer.record(object, 'Normal', 'Tock', 'two')
    for (let i = 0; i < 15; i++) {
      await writer.flushed()
      clock.advance(20_000)
    }
    assert.deepEqual(dropped, ['Tock'])
    assert.equal(clock.pending, 0)
  })

  it('does not insist on what the API refuses', async () => {
    const { writer, dropped, calls } = setUp(({ verb }) => {
      if (verb === 'create') throw StatusError.forbidden(events, '', 'the namespace is being terminated')
    })
    writer.record(object, 'Normal', 'Tick', 'one')
    await writer.flushed()
    assert.deepEqual(dropped, ['Tick'])
    assert.deepEqual(calls, ['create'])
  })
})
