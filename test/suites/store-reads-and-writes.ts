// What reads and writes answer, alone and many at once.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Page, Write, WriteResult } from '../../control-plane/store/store.ts'
import {
  bytes,
  commitOk,
  eventsUpTo,
  freshPrefix,
  listAll,
  put,
  remove,
  type SharedStore,
  summary,
  texts,
} from './store-fixture.ts'
import { StoreModel } from './store-model.ts'

/** @param runs how often the property test runs */
export function readsAndWritesTests(subject: SharedStore, runs: number): void {
  describe('one key', () => {
    it('is absent, then as written, then absent again', async () => {
      const key = `${freshPrefix()}a`
      assert.equal((await subject.store.get(key)).entry, undefined)
      const [created] = await commitOk(subject.store, put(key, 'one', { expect: 0 }))
      const first = await subject.store.get(key)
      assert.deepEqual([first.entry?.value.toString(), first.entry?.revision], ['one', created])
      assert.ok(first.revision >= (created ?? 0))
      const [updated] = await commitOk(subject.store, put(key, 'two', { expect: created! }))
      assert.ok(updated! > created!)
      assert.equal((await subject.store.get(key)).entry?.value.toString(), 'two')
      const [removed] = await commitOk(subject.store, remove(key, updated))
      assert.ok(removed! > updated!)
      const last = await subject.store.get(key)
      assert.equal(last.entry, undefined)
      assert.ok(last.revision >= removed!)
    })

    it('refuses a write that expects another revision, and shows what stands there', async () => {
      const key = `${freshPrefix()}a`
      const [created] = await commitOk(subject.store, put(key, 'one'))
      for (const write of [put(key, 'x', { expect: 0 }), put(key, 'x', { expect: created! + 1 }), remove(key, 1)]) {
        const [result] = await subject.store.commit([write])
        assert.ok(result && !result.ok)
        assert.deepEqual(result.current, { key, value: bytes('one'), revision: created })
      }
      const [absent] = await subject.store.commit([put(`${key}b`, 'x', { expect: created! })])
      assert.deepEqual(absent, { ok: false, current: undefined })
      assert.equal((await subject.store.get(key)).entry?.revision, created)
    })

    it('deletes what is not there without an event', async () => {
      const prefix = freshPrefix()
      const before = await subject.store.currentRevision()
      const [result] = await subject.store.commit([remove(`${prefix}a`)])
      assert.ok(result?.ok)
      const [expecting] = await subject.store.commit([remove(`${prefix}a`, 0)])
      assert.ok(expecting?.ok)
      const [written] = await commitOk(subject.store, put(`${prefix}b`, 'x'))
      assert.deepEqual(summary(await eventsUpTo(subject.store, prefix, before, written!)), [`${written} ${prefix}b x`])
    })

    it('holds any bytes: none, binary, a megabyte', async () => {
      const prefix = freshPrefix()
      for (const value of [Buffer.alloc(0), Buffer.from([0, 255, 1, 0]), Buffer.alloc(1_000_000, 'x')]) {
        const results = await subject.store.commit([{ key: `${prefix}a`, value }])
        assert.ok(results[0]?.ok)
        assert.ok((await subject.store.get(`${prefix}a`)).entry?.value.equals(value))
      }
    })
  })

  describe('a commit of many', () => {
    it('lets each write succeed or fail by itself, and gives each a revision of its own', async () => {
      const prefix = freshPrefix()
      const [present] = await commitOk(subject.store, put(`${prefix}present`, 'old'))
      const results = await subject.store.commit([
        put(`${prefix}a`, '1', { expect: 0 }),
        put(`${prefix}present`, 'new', { expect: 0 }),
        remove(`${prefix}present`, present),
        put(`${prefix}b`, '2'),
        remove(`${prefix}missing`, present),
      ])
      assert.deepEqual(
        results.map(result => result.ok),
        [true, false, true, true, false],
      )
      const revisions = results.flatMap(result => (result.ok ? [result.revision] : []))
      assert.equal(new Set(revisions).size, 3)
      assert.ok(Math.min(...revisions) > present!)
      assert.deepEqual(texts(await subject.store.list(prefix)), [`${prefix}a=1`, `${prefix}b=2`])
    })

    it('applies writes of the same key one after another', async () => {
      const key = `${freshPrefix()}a`
      const results = await subject.store.commit([
        put(key, '1', { expect: 0 }),
        put(key, '2', { expect: 0 }),
        put(key, '3'),
        remove(key),
        put(key, '4', { expect: 0 }),
      ])
      assert.deepEqual(
        results.map(result => result.ok),
        [true, false, true, true, true],
      )
      assert.equal((await subject.store.get(key)).entry?.value.toString(), '4')
    })

    it('takes hundreds at once', async () => {
      const prefix = freshPrefix()
      const writes = Array.from({ length: 700 }, (_, index) => put(`${prefix}${String(index).padStart(4, '0')}`, 'x'))
      const revisions = await commitOk(subject.store, ...writes)
      assert.equal(new Set(revisions).size, 700)
      const deletions = await commitOk(subject.store, ...writes.map(({ key }) => remove(key)))
      assert.equal(new Set(deletions).size, 700)
      const events = await eventsUpTo(subject.store, prefix, Math.min(...revisions) - 1, Math.max(...deletions))
      assert.deepEqual(
        events.map(event => event.revision).sort((a, b) => a - b),
        [...revisions, ...deletions].sort((a, b) => a - b),
      )
      assert.deepEqual((await subject.store.list(prefix)).entries, [])
    })

    it('does nothing when empty', async () => {
      assert.deepEqual(await subject.store.commit([]), [])
    })
  })

  describe('a list', () => {
    it('holds the keys of the prefix in byte order, from where it is told', async () => {
      const prefix = freshPrefix()
      const keys = ['a', 'a/b', 'a0', 'b', 'ä', '\uffee', '\u{1f600}']
      await commitOk(subject.store, ...keys.toReversed().map(key => put(prefix + key, 'x')))
      await commitOk(subject.store, put(`${prefix.slice(0, -1)}0`, 'outside'))
      const names = (page: Page): string[] => page.entries.map(entry => entry.key.slice(prefix.length))
      assert.deepEqual(names(await subject.store.list(prefix)), keys)
      assert.deepEqual(names(await subject.store.list(prefix, { from: `${prefix}a/` })), keys.slice(1))
      assert.deepEqual(names(await subject.store.list(prefix, { from: '/' })), keys)
      assert.deepEqual(names(await subject.store.list(`${prefix}a/`)), ['a/b'])
      const page = await subject.store.list(prefix, { limit: 2 })
      assert.deepEqual([names(page), page.more], [['a', 'a/b'], true])
      const exact = await subject.store.list(prefix, { limit: keys.length })
      assert.equal(exact.more, false)
    })

    it('pages through one moment while writes go on', async () => {
      const prefix = freshPrefix()
      await commitOk(subject.store, ...Array.from({ length: 10 }, (_, index) => put(`${prefix}${index}`, 'old')))
      const first = await subject.store.list(prefix, { limit: 3 })
      await commitOk(subject.store, remove(`${prefix}4`), put(`${prefix}5`, 'new'), put(`${prefix}55`, 'new'))
      const rest = await subject.store.list(prefix, { from: `${prefix}3`, at: first.revision })
      assert.equal(rest.revision, first.revision)
      assert.deepEqual(
        texts(rest),
        [3, 4, 5, 6, 7, 8, 9].map(index => `${prefix}${index}=old`),
      )
    })
  })

  it('agrees with the model: answers, the past at every revision, watches from every revision', async () => {
    const key = fc.constantFrom('a', 'b', 'b/c', 'd')
    const write = fc.record({
      key,
      deletes: fc.boolean(),
      expects: fc.constantFrom('any', 'any', 'absent', 'current', 'current', 'stale'),
    })
    const batches = fc.array(fc.array(write, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(batches, fc.integer({ min: 1, max: 3 }), async (plan, limit) => {
        const prefix = freshPrefix()
        const model = new StoreModel()
        const begin = await subject.store.currentRevision()
        let counter = 0
        for (const batch of plan) {
          const writes = batch.map(({ key: name, deletes, expects }): Write => {
            const standing = model.get(prefix + name)?.revision ?? 0
            const expect = { any: undefined, absent: 0, current: standing, stale: standing + 1 }[expects]
            return {
              key: prefix + name,
              value: deletes ? undefined : bytes(String(counter++)),
              ...(expect !== undefined && { expect }),
            }
          })
          const results: WriteResult[] = await subject.store.commit(writes)
          assert.equal(model.apply(writes, results), undefined)
        }
        const end = await subject.store.currentRevision()
        const moments = [begin, ...model.events.map(event => event.revision), end]
        await Promise.all(
          moments.map(async at => {
            const page = await listAll(subject.store, prefix, limit, at)
            assert.deepEqual(page.entries, model.at(at), `the list at ${at}`)
            const later = model.events.filter(event => event.revision > at)
            const seen = await eventsUpTo(subject.store, prefix, at, end)
            assert.deepEqual(summary(seen), summary(later), `the watch from ${at}`)
          }),
        )
        const below = model.events.filter(event => event.key.startsWith(`${prefix}b`))
        assert.deepEqual(summary(await eventsUpTo(subject.store, `${prefix}b`, begin, end)), summary(below))
      }),
      { numRuns: runs },
    )
  })

  describe('under concurrency', () => {
    it('loses no update: a counter incremented by many', async () => {
      const key = `${freshPrefix()}counter`
      await commitOk(subject.store, put(key, '0'))
      const increment = async (): Promise<void> => {
        for (;;) {
          const { entry } = await subject.store.get(key)
          const next = String(Number(entry?.value.toString()) + 1)
          const [result] = await subject.store.commit([put(key, next, { expect: entry!.revision })])
          if (result?.ok) return
        }
      }
      await Promise.all(
        Array.from({ length: 10 }, async () => {
          for (let round = 0; round < 10; round++) await increment()
        }),
      )
      assert.equal((await subject.store.get(key)).entry?.value.toString(), '100')
    })

    it('lets one of many creators win', async () => {
      const key = `${freshPrefix()}leader`
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, index) => subject.store.commit([put(key, String(index), { expect: 0 })])),
      )
      assert.equal(results.filter(([result]) => result?.ok).length, 1)
      const winner = results.findIndex(([result]) => result?.ok)
      assert.equal((await subject.store.get(key)).entry?.value.toString(), String(winner))
    })
  })

  it('refuses at once when the signal has been aborted', async () => {
    const signal = AbortSignal.abort(new Error('no longer wanted'))
    await assert.rejects(subject.store.get('/a', signal), /no longer wanted/)
    await assert.rejects(subject.store.list('/a', { signal }), /no longer wanted/)
    await assert.rejects(async () => subject.store.commit([put('/a', 'x')], signal), /no longer wanted/)
  })

  it('refuses a key that is empty or too long', async () => {
    await assert.rejects(async () => subject.store.commit([put('', 'x')]), /key/)
    await assert.rejects(async () => subject.store.commit([put(`/${'k'.repeat(2000)}`, 'x')]), /key/)
  })
}
