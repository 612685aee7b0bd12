import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Fanout, type Replay } from './fanout.ts'
import { StoreUnavailableError, type WatchBatch } from './store.ts'

const event = (revision: number, key = '/a/x') => ({ key, value: Buffer.from(String(revision)), revision })
const batch = (...revisions: number[]): WatchBatch => ({
  events: revisions.map(revision => event(revision)),
  revision: revisions.at(-1) ?? 0,
})

/** All of history is one event for each revision. */
const replay: Replay = async function* (_prefix, after, upTo) {
  for (let revision = after + 1; revision <= upTo; revision++) yield await Promise.resolve(batch(revision))
}

const never: Replay = async function* () {
  yield await Promise.reject<WatchBatch>(new Error('nothing should be replayed'))
}

async function take(watch: AsyncIterator<WatchBatch>, upTo: number): Promise<number[]> {
  const revisions: number[] = []
  for (;;) {
    const result = await watch.next()
    if (result.done) assert.fail('the watch ended')
    revisions.push(...result.value.events.map(one => one.revision))
    if (result.value.revision >= upTo) return revisions
  }
}

describe('the fan-out', () => {
  it('joins what is replayed and what is published meanwhile', async () => {
    const fanout = new Fanout(5)
    const slow: Replay = async function* (prefix, after, upTo, signal) {
      fanout.publish(batch(6, 7))
      yield* replay(prefix, after, upTo, signal)
    }
    const watch = fanout.watch('/a/', 2, new AbortController().signal, slow)
    assert.deepEqual(await take(watch, 7), [3, 4, 5, 6, 7])
  })

  it('passes over what it has published, and what a watcher has seen', async () => {
    const fanout = new Fanout(5)
    const watch = fanout.watch('/a/', 7, new AbortController().signal, never)
    const first = watch.next()
    fanout.publish(batch(6, 7))
    fanout.publish(batch(6, 7))
    fanout.publish(batch(7, 8, 9))
    assert.deepEqual((await first).value, batch(8, 9))
  })

  it('tells watchers of others how far it is, without piling that up', async () => {
    const fanout = new Fanout(1)
    const watch = fanout.watch('/b/', 1, new AbortController().signal, never)
    const first = watch.next()
    for (let revision = 2; revision <= 100; revision++) fanout.publish(batch(revision))
    let batches = 1
    for (let result = await first; !result.done && result.value.revision < 100; result = await watch.next()) batches++
    assert.ok(batches <= 2, `it took ${batches} batches to say nothing`)
  })

  it('lets a watcher that falls behind replay what it missed', async () => {
    const fanout = new Fanout(0)
    const watch = fanout.watch('/a/', 0, new AbortController().signal, replay)
    const first = watch.next()
    fanout.publish(batch(1))
    await first
    for (let revision = 2; revision <= 10_000; revision++) fanout.publish(batch(revision))
    const seen = await take(watch, 10_000)
    assert.deepEqual(
      seen,
      Array.from({ length: 9999 }, (_, index) => index + 2),
    )
  })

  it('sends present watchers to list again when history has a hole, and goes on for later ones', async () => {
    const fanout = new Fanout(1)
    const cut = fanout.watch('/a/', 1, new AbortController().signal, never)
    const ending = assert.rejects(take(cut, 99), /list again/)
    await Promise.resolve()
    fanout.reset(new StoreUnavailableError('list again'), 50)
    await ending
    const fresh = fanout.watch('/a/', 50, new AbortController().signal, never)
    const next = take(fresh, 51)
    await Promise.resolve()
    fanout.publish(batch(51))
    assert.deepEqual(await next, [51])
  })

  it('ends every watch, also those begun later, when it fails', async () => {
    const fanout = new Fanout(1)
    const watching = assert.rejects(take(fanout.watch('/a/', 1, new AbortController().signal, never), 99), /closed/)
    await Promise.resolve()
    fanout.fail(new StoreUnavailableError('closed'))
    await watching
    await assert.rejects(take(fanout.watch('/a/', 1, new AbortController().signal, never), 99), /closed/)
  })
})
