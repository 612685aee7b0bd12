// What every store driver must do, whatever holds its data. A driver's test file calls `storeSuite`.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import {
  CompactedError,
  type Page,
  type Revision,
  type Store,
  type StoreEvent,
  StoreUnavailableError,
  type Write,
  type WriteResult,
} from '../../control-plane/store/store.ts'
import { StoreModel } from './store-model.ts'

export interface StoreUnderTest {
  /** Opens a store on the data of this test; the caller closes it. */
  open(): Promise<Store>
  /** Stops what was started and removes what was made. */
  dispose(): Promise<void>
}

export interface SuiteOptions {
  /** How often the property tests run. */
  readonly runs: number
  /** How late an expired key may vanish. */
  readonly expirySlackMs: number
}

const bytes = (text: string): Buffer => Buffer.from(text)
let prefixes = 0
/** Tests share the data, so each one has keys of its own. */
const freshPrefix = (): string => `/suite/${process.pid}/${++prefixes}/`

const put = (key: string, value: string, rest: Partial<Write> = {}): Write => ({ key, value: bytes(value), ...rest })
const remove = (key: string, expect?: Revision): Write => ({
  key,
  value: undefined,
  ...(expect !== undefined && { expect }),
})

async function commitOk(store: Store, ...writes: Write[]): Promise<Revision[]> {
  const results = await store.commit(writes)
  return results.map((result, index) => {
    assert.ok(result.ok, `write ${index} of ${writes[index]?.key} was refused`)
    return result.revision
  })
}

/** What a watch yields up to a revision. Checks on the way that batches keep their promise. */
export async function eventsUpTo(store: Store, prefix: string, from: Revision, upTo: Revision): Promise<StoreEvent[]> {
  if (from >= upTo) return []
  const controller = new AbortController()
  const timeout = setTimeout(() => controller.abort(), 20_000)
  const events: StoreEvent[] = []
  let seen = from
  try {
    for await (const batch of store.watch(prefix, from, controller.signal)) {
      for (const event of batch.events) {
        assert.ok(event.revision > seen, `event ${event.revision} came after ${seen}`)
        assert.ok(event.key.startsWith(prefix), `${event.key} is not below ${prefix}`)
        seen = event.revision
        events.push(event)
      }
      assert.ok(batch.revision >= seen, `a batch up to ${batch.revision} holds event ${seen}`)
      seen = batch.revision
      if (seen >= upTo) return events.filter(event => event.revision <= upTo)
    }
  } finally {
    clearTimeout(timeout)
    controller.abort()
  }
  return assert.fail(`the watch ended at ${seen}, before ${upTo}`)
}

const texts = (page: Page): string[] => page.entries.map(entry => `${entry.key}=${entry.value.toString()}`)
const summary = (events: readonly StoreEvent[]): string[] =>
  events.map(event => `${event.revision} ${event.key} ${event.value?.toString() ?? 'deleted'}`)

async function listAll(store: Store, prefix: string, limit: number, at?: Revision): Promise<Page> {
  let page = await store.list(prefix, { limit, ...(at !== undefined && { at }) })
  const entries = [...page.entries]
  while (page.more) {
    const from = `${entries.at(-1)?.key}\0`
    page = await store.list(prefix, { limit, from, at: page.revision })
    assert.ok(page.entries.length > 0, 'a page that was to have more is empty')
    entries.push(...page.entries)
  }
  return { ...page, entries }
}

export function storeSuite(name: string, start: () => Promise<StoreUnderTest>, options: SuiteOptions): void {
  describe(name, { timeout: 180_000 }, () => {
    let under: StoreUnderTest
    let store: Store
    before(async () => {
      under = await start()
      store = await under.open()
    })
    after(async () => {
      await store.close()
      await under.dispose()
    })

    describe('one key', () => {
      it('is absent, then as written, then absent again', async () => {
        const key = `${freshPrefix()}a`
        assert.equal((await store.get(key)).entry, undefined)
        const [created] = await commitOk(store, put(key, 'one', { expect: 0 }))
        const first = await store.get(key)
        assert.deepEqual([first.entry?.value.toString(), first.entry?.revision], ['one', created])
        assert.ok(first.revision >= (created ?? 0))
        const [updated] = await commitOk(store, put(key, 'two', { expect: created! }))
        assert.ok(updated! > created!)
        assert.equal((await store.get(key)).entry?.value.toString(), 'two')
        const [removed] = await commitOk(store, remove(key, updated))
        assert.ok(removed! > updated!)
        const last = await store.get(key)
        assert.equal(last.entry, undefined)
        assert.ok(last.revision >= removed!)
      })

      it('refuses a write that expects another revision, and shows what stands there', async () => {
        const key = `${freshPrefix()}a`
        const [created] = await commitOk(store, put(key, 'one'))
        for (const write of [put(key, 'x', { expect: 0 }), put(key, 'x', { expect: created! + 1 }), remove(key, 1)]) {
          const [result] = await store.commit([write])
          assert.ok(result && !result.ok)
          assert.deepEqual(result.current, { key, value: bytes('one'), revision: created })
        }
        const [absent] = await store.commit([put(`${key}b`, 'x', { expect: created! })])
        assert.deepEqual(absent, { ok: false, current: undefined })
        assert.equal((await store.get(key)).entry?.revision, created)
      })

      it('deletes what is not there without an event', async () => {
        const prefix = freshPrefix()
        const before = await store.currentRevision()
        const [result] = await store.commit([remove(`${prefix}a`)])
        assert.ok(result?.ok)
        const [expecting] = await store.commit([remove(`${prefix}a`, 0)])
        assert.ok(expecting?.ok)
        const [written] = await commitOk(store, put(`${prefix}b`, 'x'))
        assert.deepEqual(summary(await eventsUpTo(store, prefix, before, written!)), [`${written} ${prefix}b x`])
      })

      it('holds any bytes: none, binary, a megabyte', async () => {
        const prefix = freshPrefix()
        for (const value of [Buffer.alloc(0), Buffer.from([0, 255, 1, 0]), Buffer.alloc(1_000_000, 'x')]) {
          const results = await store.commit([{ key: `${prefix}a`, value }])
          assert.ok(results[0]?.ok)
          assert.ok((await store.get(`${prefix}a`)).entry?.value.equals(value))
        }
      })
    })

    describe('a commit of many', () => {
      it('lets each write succeed or fail by itself, and gives each a revision of its own', async () => {
        const prefix = freshPrefix()
        const [present] = await commitOk(store, put(`${prefix}present`, 'old'))
        const results = await store.commit([
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
        assert.deepEqual(texts(await store.list(prefix)), [`${prefix}a=1`, `${prefix}b=2`])
      })

      it('applies writes of the same key one after another', async () => {
        const key = `${freshPrefix()}a`
        const results = await store.commit([
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
        assert.equal((await store.get(key)).entry?.value.toString(), '4')
      })

      it('takes hundreds at once', async () => {
        const prefix = freshPrefix()
        const writes = Array.from({ length: 700 }, (_, index) => put(`${prefix}${String(index).padStart(4, '0')}`, 'x'))
        const revisions = await commitOk(store, ...writes)
        assert.equal(new Set(revisions).size, 700)
        const deletions = await commitOk(store, ...writes.map(({ key }) => remove(key)))
        assert.equal(new Set(deletions).size, 700)
        const events = await eventsUpTo(store, prefix, Math.min(...revisions) - 1, Math.max(...deletions))
        assert.deepEqual(
          events.map(event => event.revision).sort((a, b) => a - b),
          [...revisions, ...deletions].sort((a, b) => a - b),
        )
        assert.deepEqual((await store.list(prefix)).entries, [])
      })

      it('does nothing when empty', async () => {
        assert.deepEqual(await store.commit([]), [])
      })
    })

    describe('a list', () => {
      it('holds the keys of the prefix in byte order, from where it is told', async () => {
        const prefix = freshPrefix()
        const keys = ['a', 'a/b', 'a0', 'b', 'ä', '\uffee', '\u{1f600}']
        await commitOk(store, ...keys.toReversed().map(key => put(prefix + key, 'x')))
        await commitOk(store, put(`${prefix.slice(0, -1)}0`, 'outside'))
        const names = (page: Page): string[] => page.entries.map(entry => entry.key.slice(prefix.length))
        assert.deepEqual(names(await store.list(prefix)), keys)
        assert.deepEqual(names(await store.list(prefix, { from: `${prefix}a/` })), keys.slice(1))
        assert.deepEqual(names(await store.list(prefix, { from: '/' })), keys)
        assert.deepEqual(names(await store.list(`${prefix}a/`)), ['a/b'])
        const page = await store.list(prefix, { limit: 2 })
        assert.deepEqual([names(page), page.more], [['a', 'a/b'], true])
        const exact = await store.list(prefix, { limit: keys.length })
        assert.equal(exact.more, false)
      })

      it('pages through one moment while writes go on', async () => {
        const prefix = freshPrefix()
        await commitOk(store, ...Array.from({ length: 10 }, (_, index) => put(`${prefix}${index}`, 'old')))
        const first = await store.list(prefix, { limit: 3 })
        await commitOk(store, remove(`${prefix}4`), put(`${prefix}5`, 'new'), put(`${prefix}55`, 'new'))
        const rest = await store.list(prefix, { from: `${prefix}3`, at: first.revision })
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
          const begin = await store.currentRevision()
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
            const results: WriteResult[] = await store.commit(writes)
            assert.equal(model.apply(writes, results), undefined)
          }
          const end = await store.currentRevision()
          const moments = [begin, ...model.events.map(event => event.revision), end]
          await Promise.all(
            moments.map(async at => {
              const page = await listAll(store, prefix, limit, at)
              assert.deepEqual(page.entries, model.at(at), `the list at ${at}`)
              const later = model.events.filter(event => event.revision > at)
              const seen = await eventsUpTo(store, prefix, at, end)
              assert.deepEqual(summary(seen), summary(later), `the watch from ${at}`)
            }),
          )
          const below = model.events.filter(event => event.key.startsWith(`${prefix}b`))
          assert.deepEqual(summary(await eventsUpTo(store, `${prefix}b`, begin, end)), summary(below))
        }),
        { numRuns: options.runs },
      )
    })

    describe('under concurrency', () => {
      it('loses no update: a counter incremented by many', async () => {
        const key = `${freshPrefix()}counter`
        await commitOk(store, put(key, '0'))
        const increment = async (): Promise<void> => {
          for (;;) {
            const { entry } = await store.get(key)
            const next = String(Number(entry?.value.toString()) + 1)
            const [result] = await store.commit([put(key, next, { expect: entry!.revision })])
            if (result?.ok) return
          }
        }
        await Promise.all(
          Array.from({ length: 10 }, async () => {
            for (let round = 0; round < 10; round++) await increment()
          }),
        )
        assert.equal((await store.get(key)).entry?.value.toString(), '100')
      })

      it('lets one of many creators win', async () => {
        const key = `${freshPrefix()}leader`
        const results = await Promise.all(
          Array.from({ length: 50 }, (_, index) => store.commit([put(key, String(index), { expect: 0 })])),
        )
        assert.equal(results.filter(([result]) => result?.ok).length, 1)
        const winner = results.findIndex(([result]) => result?.ok)
        assert.equal((await store.get(key)).entry?.value.toString(), String(winner))
      })

      it('shows every watcher the same events, wherever it starts', async () => {
        const prefix = freshPrefix()
        const begin = await store.currentRevision()
        const writers = Promise.all(
          Array.from({ length: 20 }, async (_, writer) => {
            let last = 0
            for (let round = 0; round < 10; round++) {
              const key = `${prefix}${(writer * 7 + round) % 13}`
              const [revision] = await commitOk(store, round % 4 === 3 ? remove(key) : put(key, `${writer}.${round}`))
              last = Math.max(last, revision!)
            }
            return last
          }),
        )
        const middle = (async () => {
          await delay(5)
          return store.currentRevision()
        })()
        await writers
        const end = await store.currentRevision()
        const all = await eventsUpTo(store, prefix, begin, end)
        const from = await middle
        const [again, later] = await Promise.all([
          eventsUpTo(store, prefix, begin, end),
          eventsUpTo(store, prefix, from, end),
        ])
        assert.deepEqual(summary(again), summary(all))
        assert.deepEqual(summary(later), summary(all.filter(event => event.revision > from)))
        const state = new Map<string, string>()
        for (const event of all) {
          if (event.value) state.set(event.key, event.value.toString())
          else state.delete(event.key)
        }
        assert.deepEqual(
          texts(await store.list(prefix)),
          [...state.keys()].sort().map(key => `${key}=${state.get(key)}`),
        )
      })
    })

    describe('a watch', () => {
      it('tells of progress when others are written to', async () => {
        const prefix = freshPrefix()
        const begin = await store.currentRevision()
        const [other] = await commitOk(store, put(`${freshPrefix()}a`, 'x'))
        assert.deepEqual(await eventsUpTo(store, prefix, begin, other!), [])
      })

      it('is as far as currentRevision soon after it was asked', async () => {
        const prefix = freshPrefix()
        const begin = await store.currentRevision()
        const watched = eventsUpTo(store, prefix, begin, begin + 1)
        await commitOk(store, put(`${freshPrefix()}a`, 'x'))
        await watched
        assert.deepEqual(await eventsUpTo(store, prefix, begin, await store.currentRevision()), [])
      })

      it('ends when its signal aborts, and when its reader leaves', async () => {
        const controller = new AbortController()
        const watching = (async () => {
          for await (const _ of store.watch(freshPrefix(), await store.currentRevision(), controller.signal));
        })()
        await delay(20)
        controller.abort()
        await watching
        const prefix = freshPrefix()
        const begin = await store.currentRevision()
        await commitOk(store, put(`${prefix}a`, 'x'))
        for await (const _ of store.watch(prefix, begin, new AbortController().signal)) break
      })

      it('gives a reader that dawdles every event all the same', async () => {
        const prefix = freshPrefix()
        const begin = await store.currentRevision()
        const controller = new AbortController()
        const revisions: Revision[] = []
        let last = Number.POSITIVE_INFINITY
        const watching = (async () => {
          for await (const batch of store.watch(prefix, begin, controller.signal)) {
            if (revisions.length === 0) await delay(300)
            revisions.push(...batch.events.map(event => event.revision))
            if (batch.revision >= last) return
          }
        })()
        const written: Revision[] = []
        for (let round = 0; round < 60; round++) {
          const writes = Array.from({ length: 100 }, (_, index) => put(`${prefix}${index}`, `${round}`))
          written.push(...(await commitOk(store, ...writes)))
        }
        last = written.at(-1)!
        await commitOk(store, put(`${freshPrefix()}a`, 'x'))
        await watching
        controller.abort()
        assert.deepEqual(revisions, written)
      })
    })

    describe('compaction', () => {
      it('forgets the past and keeps the present', async () => {
        const prefix = freshPrefix()
        const [old] = await commitOk(store, put(`${prefix}kept`, 'kept'))
        await commitOk(store, put(`${prefix}gone`, 'x'))
        await commitOk(store, remove(`${prefix}gone`))
        for (let round = 0; round < 5; round++) await commitOk(store, put(`${prefix}changed`, String(round)))
        const [last] = await commitOk(store, put(`${prefix}changed`, 'last'))
        await store.compact(last!)
        const isCompacted = (error: unknown): boolean => {
          assert.ok(error instanceof CompactedError, String(error))
          assert.equal(error.requested, old)
          assert.ok(error.oldest > old!, `the oldest revision kept is said to be ${error.oldest}`)
          return true
        }
        await assert.rejects(store.list(prefix, { at: old! }), isCompacted)
        await assert.rejects(eventsUpTo(store, prefix, old!, last!), isCompacted)
        assert.deepEqual(texts(await store.list(prefix)), [`${prefix}changed=last`, `${prefix}kept=kept`])
        assert.deepEqual(texts(await store.list(prefix, { at: last! })), [
          `${prefix}changed=last`,
          `${prefix}kept=kept`,
        ])
        const [next] = await commitOk(store, remove(`${prefix}kept`))
        assert.deepEqual(summary(await eventsUpTo(store, prefix, last!, next!)), [`${next} ${prefix}kept deleted`])
        assert.deepEqual(texts(await store.list(prefix, { at: last! })), [
          `${prefix}changed=last`,
          `${prefix}kept=kept`,
        ])
        await store.compact(old!)
        await store.compact(next!)
        await store.compact(next!)
      })

      it('does not disturb a watch that is up to date', async () => {
        const prefix = freshPrefix()
        const begin = await store.currentRevision()
        const controller = new AbortController()
        const seen: string[] = []
        const watching = (async () => {
          for await (const batch of store.watch(prefix, begin, controller.signal)) {
            seen.push(...batch.events.map(event => event.key.slice(prefix.length)))
            if (seen.length === 3) return
          }
        })()
        for (const name of ['a', 'b', 'c']) {
          const [revision] = await commitOk(store, put(prefix + name, 'x'))
          await delay(20)
          await store.compact(revision!)
        }
        await watching
        assert.deepEqual(seen, ['a', 'b', 'c'])
      })
    })

    describe('time to live', () => {
      it('ends in a deletion that watchers see', async () => {
        const prefix = freshPrefix()
        const begin = await store.currentRevision()
        const [written] = await commitOk(store, put(`${prefix}a`, 'x', { ttlSeconds: 1 }), put(`${prefix}b`, 'stays'))
        assert.equal((await store.get(`${prefix}a`)).entry?.value.toString(), 'x')
        const gone = await waitForExpiry(store, `${prefix}a`, 1000 + options.expirySlackMs)
        const events = await eventsUpTo(store, prefix, begin, gone)
        const ofA = events.filter(event => event.key === `${prefix}a`)
        assert.deepEqual(
          ofA.map(event => event.value?.toString()),
          ['x', undefined],
        )
        assert.equal(ofA[0]?.revision, written)
        assert.equal(events.length, 3)
      })

      it('starts anew, or stops, with the next write', async () => {
        const prefix = freshPrefix()
        await commitOk(
          store,
          put(`${prefix}kept`, 'x', { ttlSeconds: 1 }),
          put(`${prefix}renewed`, 'x', { ttlSeconds: 1 }),
        )
        await commitOk(store, put(`${prefix}kept`, 'y'), put(`${prefix}renewed`, 'y', { ttlSeconds: 3600 }))
        await delay(1000 + options.expirySlackMs)
        assert.deepEqual(texts(await store.list(prefix)), [`${prefix}kept=y`, `${prefix}renewed=y`])
      })

      it('goes on while the store is closed', async () => {
        const prefix = freshPrefix()
        await commitOk(store, put(`${prefix}a`, 'x', { ttlSeconds: 1 }))
        await store.close()
        await delay(500)
        store = await under.open()
        await waitForExpiry(store, `${prefix}a`, 1000 + options.expirySlackMs)
      })
    })

    it('keeps everything over a restart, watches included', async () => {
      const prefix = freshPrefix()
      const begin = await store.currentRevision()
      const revisions = await commitOk(store, put(`${prefix}a`, '1'), put(`${prefix}b`, '2'), remove(`${prefix}a`))
      await store.close()
      store = await under.open()
      assert.deepEqual(texts(await store.list(prefix)), [`${prefix}b=2`])
      assert.deepEqual(summary(await eventsUpTo(store, prefix, begin, revisions[2]!)), [
        `${revisions[0]} ${prefix}a 1`,
        `${revisions[1]} ${prefix}b 2`,
        `${revisions[2]} ${prefix}a deleted`,
      ])
      const [next] = await commitOk(store, put(`${prefix}c`, '3'))
      assert.ok(next! > revisions[2]!)
    })

    it('says so when it has been closed', async () => {
      const other = await under.open().catch(async () => {
        // One process at a time: then it is this suite's own store that is closed and opened again.
        await store.close()
        return store
      })
      const watching = eventsUpTo(other, '/', 0, Number.MAX_SAFE_INTEGER)
      await Promise.all([assert.rejects(watching, Error), other.close()])
      await assert.rejects(other.get('/a'), StoreUnavailableError)
      await assert.rejects(other.commit([put('/a', 'x')]), StoreUnavailableError)
      if (other === store) store = await under.open()
    })

    it('refuses at once when the signal has been aborted', async () => {
      const signal = AbortSignal.abort(new Error('no longer wanted'))
      await assert.rejects(store.get('/a', signal), /no longer wanted/)
      await assert.rejects(store.list('/a', { signal }), /no longer wanted/)
      await assert.rejects(async () => store.commit([put('/a', 'x')], signal), /no longer wanted/)
    })

    it('refuses a key that is empty or too long', async () => {
      await assert.rejects(async () => store.commit([put('', 'x')]), /key/)
      await assert.rejects(async () => store.commit([put(`/${'k'.repeat(2000)}`, 'x')]), /key/)
    })
  })
}

/** Resolves with a revision at which the key was gone. */
async function waitForExpiry(store: Store, key: string, timeoutMs: number): Promise<Revision> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const { entry, revision } = await store.get(key)
    if (!entry) return revision
    assert.ok(Date.now() < deadline, `${key} is still there ${timeoutMs} ms after it was written`)
    await delay(50)
  }
}
