// Writers that may be killed, or lose their store, at any moment, and the check that what had been
// acknowledged until then is there, whole.
import assert from 'node:assert/strict'
import { type Store, StoreUnavailableError, type Write } from '../../control-plane/store/store.ts'
import { eventsUpTo } from './store-fixture.ts'

const writers = 4
const keep = 3

/** Long enough for a value of several pages; every part of it says which round wrote it. */
const value = (round: number): Buffer => Buffer.from(`${round},`.repeat(1500))

/**
 * Writes rounds of three writes each until the store fails or the signal aborts.
 * @param report called with each acknowledged round
 */
export async function writeRounds(
  store: Store,
  prefix: string,
  report: (writer: number, round: number) => void,
  signal: AbortSignal,
  first = 0,
): Promise<void> {
  const writer = async (number: number): Promise<void> => {
    for (let round = first; !signal.aborted; round++) {
      const key = (name: number | string): string => `${prefix}${number}/${name}`
      const writes: Write[] = [
        { key: key(round), value: value(round) },
        { key: key('last'), value: value(round) },
        { key: key(round - keep), value: undefined },
      ]
      const results = await store.commit(writes)
      assert.ok(results.every(result => result.ok))
      report(number, round)
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, number) => writer(number).catch(ignoreUnavailable)))
}

function ignoreUnavailable(error: unknown): void {
  if (!(error instanceof StoreUnavailableError)) throw error
}

/** @param acknowledged by writer, the last round it reported */
export async function assertRoundsKept(store: Store, prefix: string, acknowledged: Map<number, number>): Promise<void> {
  for (const [number, round] of acknowledged) {
    const { entries } = await store.list(`${prefix}${number}/`)
    const rounds = new Map(entries.map(entry => [entry.key.slice(`${prefix}${number}/`.length), entry.value]))
    const last = Number.parseInt(rounds.get('last')?.toString() ?? '-1', 10)
    assert.ok(last >= round, `writer ${number} was told of round ${round}, the store has ${last}`)
    for (const [name, bytes] of rounds) {
      const written = Number.parseInt(bytes.toString(), 10)
      assert.ok(bytes.equals(value(written)), `the value of round ${written} is torn`)
      if (name !== 'last') assert.equal(written, Number(name))
    }
    for (let kept = Math.max(0, last - keep + 1); kept <= round; kept++) {
      assert.ok(rounds.has(String(kept)), `writer ${number} has lost round ${kept} of ${round}`)
    }
  }
}

/** History, replayed, must lead to what the store shows. */
export async function assertHistoryWhole(store: Store, prefix: string, from: number): Promise<void> {
  const page = await store.list(prefix)
  const state = new Map<string, Buffer>()
  for (const event of await eventsUpTo(store, prefix, from, page.revision)) {
    if (event.value) state.set(event.key, event.value)
    else state.delete(event.key)
  }
  assert.deepEqual(
    [...state.keys()].sort(),
    page.entries.map(entry => entry.key),
  )
  for (const entry of page.entries) assert.ok(state.get(entry.key)?.equals(entry.value))
}
