// What watches tell: every event once, in order, to everyone, also when readers dawdle and history is compacted.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CompactedError, type Revision } from '../../control-plane/store/store.ts'
import {
  commitOk,
  eventsUpTo,
  freshPrefix,
  put,
  remove,
  type SharedStore,
  summary,
  texts,
  WatchedKeys,
} from './store-fixture.ts'

export function watchTests(subject: SharedStore): void {
  describe('a watch', () => {
    it('tells of progress when others are written to', async () => {
      const prefix = freshPrefix()
      const begin = await subject.store.currentRevision()
      const [other] = await commitOk(subject.store, put(`${freshPrefix()}a`, 'x'))
      assert.deepEqual(await eventsUpTo(subject.store, prefix, begin, other!), [])
    })

    it('is as far as currentRevision soon after it was asked', async () => {
      const prefix = freshPrefix()
      const begin = await subject.store.currentRevision()
      const watched = eventsUpTo(subject.store, prefix, begin, begin + 1)
      await commitOk(subject.store, put(`${freshPrefix()}a`, 'x'))
      await watched
      assert.deepEqual(await eventsUpTo(subject.store, prefix, begin, await subject.store.currentRevision()), [])
    })

    it('ends when its signal aborts, and when its reader leaves', async () => {
      const prefix = freshPrefix()
      const begin = await subject.store.currentRevision()
      const under = new WatchedKeys(subject.store, prefix, begin)
      const atOnce = new WatchedKeys(subject.store, prefix, begin)
      await atOnce.stop()
      await commitOk(subject.store, put(`${prefix}a`, 'x'))
      await under.until(`${prefix}a`)
      await under.stop()
      for await (const _ of subject.store.watch(prefix, begin, new AbortController().signal)) break
    })

    it('gives a reader that dawdles every event all the same', async () => {
      const prefix = freshPrefix()
      const begin = await subject.store.currentRevision()
      const watch = subject.store.watch(prefix, begin, new AbortController().signal)[Symbol.asyncIterator]()
      const written: Revision[] = []
      const writeMany = async (round: number): Promise<void> => {
        const writes = Array.from({ length: 100 }, (_, index) => put(`${prefix}${index}`, `${round}`))
        written.push(...(await commitOk(subject.store, ...writes)))
      }
      const taking = watch.next()
      await writeMany(0)
      // The watch has begun; nobody takes anything from it until all is written.
      let taken = await taking
      for (let round = 1; round < 60; round++) await writeMany(round)
      const last = await subject.store.currentRevision()
      const revisions: Revision[] = []
      for (;;) {
        assert.ok(!taken.done, 'the watch ended')
        revisions.push(...taken.value.events.map(event => event.revision))
        if (taken.value.revision >= last) break
        taken = await watch.next()
      }
      await watch.return?.()
      assert.deepEqual(revisions, written)
    })

    it('shows every watcher the same events, wherever it starts', async () => {
      const prefix = freshPrefix()
      const begin = await subject.store.currentRevision()
      let reachMiddle = (_: Revision): void => {}
      const middle = new Promise<Revision>(resolve => {
        reachMiddle = resolve
      })
      const writers = Promise.all(
        Array.from({ length: 20 }, async (_, writer) => {
          let last = 0
          for (let round = 0; round < 10; round++) {
            const key = `${prefix}${(writer * 7 + round) % 13}`
            const [revision] = await commitOk(
              subject.store,
              round % 4 === 3 ? remove(key) : put(key, `${writer}.${round}`),
            )
            last = Math.max(last, revision!)
            if (writer === 0 && round === 5) reachMiddle(last)
          }
          return last
        }),
      )
      await writers
      const end = await subject.store.currentRevision()
      const all = await eventsUpTo(subject.store, prefix, begin, end)
      const from = await middle
      const [again, later] = await Promise.all([
        eventsUpTo(subject.store, prefix, begin, end),
        eventsUpTo(subject.store, prefix, from, end),
      ])
      assert.deepEqual(summary(again), summary(all))
      assert.deepEqual(summary(later), summary(all.filter(event => event.revision > from)))
      const state = new Map<string, string>()
      for (const event of all) {
        if (event.value) state.set(event.key, event.value.toString())
        else state.delete(event.key)
      }
      assert.deepEqual(
        texts(await subject.store.list(prefix)),
        [...state.keys()].sort().map(key => `${key}=${state.get(key)}`),
      )
    })
  })

  describe('compaction', () => {
    it('forgets the past and keeps the present', async () => {
      const prefix = freshPrefix()
      const [old] = await commitOk(subject.store, put(`${prefix}kept`, 'kept'))
      await commitOk(subject.store, put(`${prefix}gone`, 'x'))
      await commitOk(subject.store, remove(`${prefix}gone`))
      for (let round = 0; round < 5; round++) await commitOk(subject.store, put(`${prefix}changed`, String(round)))
      const [last] = await commitOk(subject.store, put(`${prefix}changed`, 'last'))
      await subject.store.compact(last!)
      const isCompacted = (error: unknown): boolean => {
        assert.ok(error instanceof CompactedError, String(error))
        assert.equal(error.requested, old)
        assert.ok(error.oldest > old!, `the oldest revision kept is said to be ${error.oldest}`)
        return true
      }
      await assert.rejects(subject.store.list(prefix, { at: old! }), isCompacted)
      await assert.rejects(eventsUpTo(subject.store, prefix, old!, last!), isCompacted)
      assert.deepEqual(texts(await subject.store.list(prefix)), [`${prefix}changed=last`, `${prefix}kept=kept`])
      assert.deepEqual(texts(await subject.store.list(prefix, { at: last! })), [
        `${prefix}changed=last`,
        `${prefix}kept=kept`,
      ])
      const [next] = await commitOk(subject.store, remove(`${prefix}kept`))
      assert.deepEqual(summary(await eventsUpTo(subject.store, prefix, last!, next!)), [
        `${next} ${prefix}kept deleted`,
      ])
      assert.deepEqual(texts(await subject.store.list(prefix, { at: last! })), [
        `${prefix}changed=last`,
        `${prefix}kept=kept`,
      ])
      await subject.store.compact(old!)
      await subject.store.compact(next!)
      await subject.store.compact(next!)
    })

    it('does not disturb a watch that is up to date', async () => {
      const prefix = freshPrefix()
      const begin = await subject.store.currentRevision()
      const watched = new WatchedKeys(subject.store, prefix, begin)
      for (const name of ['a', 'b', 'c']) {
        const [revision] = await commitOk(subject.store, put(prefix + name, 'x'))
        await watched.until(prefix + name)
        await subject.store.compact(revision!)
      }
      await watched.stop()
      assert.deepEqual(watched.keys, [`${prefix}a`, `${prefix}b`, `${prefix}c`])
    })
  })
}
