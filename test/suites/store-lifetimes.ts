// What lives how long: keys with a time to live, data over a restart, a store that was closed.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Revision, type Store, StoreUnavailableError } from '../../control-plane/store/store.ts'
import { commitOk, eventsUpTo, freshPrefix, put, remove, type SharedStore, summary, texts } from './store-fixture.ts'

export function lifetimeTests(subject: SharedStore): void {
  describe('time to live', () => {
    it('ends in a deletion that watchers see', async () => {
      const prefix = freshPrefix()
      const begin = await subject.store.currentRevision()
      const [written] = await commitOk(
        subject.store,
        put(`${prefix}a`, 'x', { ttlSeconds: 1 }),
        put(`${prefix}b`, 'stays'),
      )
      const gone = await goneAt(subject.store, `${prefix}a`)
      const events = await eventsUpTo(subject.store, prefix, begin, gone)
      const ofA = events.filter(event => event.key === `${prefix}a`)
      assert.deepEqual(
        ofA.map(event => event.value?.toString()),
        ['x', undefined],
      )
      assert.equal(ofA[0]?.revision, written)
      assert.equal(events.length, 3)
      const before = await subject.store.list(prefix, { at: ofA[1]!.revision - 1 })
      assert.deepEqual(texts(before), [`${prefix}a=x`, `${prefix}b=stays`])
    })

    it('starts anew, or stops, with the next write', async () => {
      const prefix = freshPrefix()
      await commitOk(
        subject.store,
        put(`${prefix}kept`, 'x', { ttlSeconds: 1 }),
        put(`${prefix}renewed`, 'x', { ttlSeconds: 1 }),
      )
      await commitOk(subject.store, put(`${prefix}kept`, 'y'), put(`${prefix}renewed`, 'y', { ttlSeconds: 3600 }))
      // When this one is gone, the others' first time is long over.
      await commitOk(subject.store, put(`${prefix}expiring`, 'x', { ttlSeconds: 2 }))
      await goneAt(subject.store, `${prefix}expiring`)
      assert.deepEqual(texts(await subject.store.list(prefix)), [`${prefix}kept=y`, `${prefix}renewed=y`])
    })

    it('goes on while the store is closed', async () => {
      const prefix = freshPrefix()
      await commitOk(subject.store, put(`${prefix}a`, 'x', { ttlSeconds: 1 }))
      await subject.store.close()
      await delay(500)
      await subject.open()
      await goneAt(subject.store, `${prefix}a`)
    })
  })

  it('keeps everything over a restart, watches included', async () => {
    const prefix = freshPrefix()
    const begin = await subject.store.currentRevision()
    const revisions = await commitOk(
      subject.store,
      put(`${prefix}a`, '1'),
      put(`${prefix}b`, '2'),
      remove(`${prefix}a`),
    )
    await subject.store.close()
    await subject.open()
    assert.deepEqual(texts(await subject.store.list(prefix)), [`${prefix}b=2`])
    assert.deepEqual(summary(await eventsUpTo(subject.store, prefix, begin, revisions[2]!)), [
      `${revisions[0]} ${prefix}a 1`,
      `${revisions[1]} ${prefix}b 2`,
      `${revisions[2]} ${prefix}a deleted`,
    ])
    const [next] = await commitOk(subject.store, put(`${prefix}c`, '3'))
    assert.ok(next! > revisions[2]!)
  })

  it('says so when it has been closed', async () => {
    const begin = await subject.store.currentRevision()
    const other = await subject.openAnother().catch(async () => {
      // One process at a time: then it is this suite's own store that is closed and opened again.
      await subject.store.close()
      return subject.store
    })
    const watching = eventsUpTo(other, '/', begin, Number.MAX_SAFE_INTEGER)
    await Promise.all([assert.rejects(watching, StoreUnavailableError), other.close()])
    await assert.rejects(other.get('/a'), StoreUnavailableError)
    await assert.rejects(other.commit([put('/a', 'x')]), StoreUnavailableError)
    if (other === subject.store) await subject.open()
  })
}

/** Waits until a key is gone, however late the store looks for what has expired; answers a revision without it. */
async function goneAt(store: Store, key: string): Promise<Revision> {
  for (;;) {
    const { entry, revision } = await store.get(key)
    if (!entry) return revision
    await delay(50)
  }
}
