// What a store should do, in the simplest code that says it: a list of events, searched from the front.
import type { Entry, Revision, StoreEvent, Write, WriteResult } from '../../control-plane/store/store.ts'

const byBytes = (a: { key: string }, b: { key: string }): number =>
  Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))

export class StoreModel {
  readonly events: StoreEvent[] = []

  /** The live keys of a prefix as they stood at a revision, in byte order. */
  at(revision: Revision, prefix = ''): Entry[] {
    const entries = new Map<string, Entry>()
    for (const { key, value, revision: written } of this.events) {
      if (written > revision || !key.startsWith(prefix)) continue
      if (value) entries.set(key, { key, value, revision: written })
      else entries.delete(key)
    }
    return [...entries.values()].sort(byBytes)
  }

  get(key: string): Entry | undefined {
    return this.at(Number.POSITIVE_INFINITY).find(entry => entry.key === key)
  }

  /**
   * Whether the store's answers to a commit are right, taking the revisions it gave; a sentence if not. Writes
   * of one key happen in their order; those of different keys in any.
   */
  apply(writes: readonly Write[], results: readonly WriteResult[]): string | undefined {
    if (results.length !== writes.length) return `${writes.length} writes, ${results.length} results`
    const before = this.events.length
    for (const [index, write] of writes.entries()) {
      const result = results[index]
      const standing = this.get(write.key)
      const expected = write.expect === undefined || write.expect === (standing?.revision ?? 0)
      if (result?.ok !== expected) return `write ${index} of ${write.key} should ${expected ? 'succeed' : 'fail'}`
      if (!result.ok) {
        const shown = result.current
        const right = shown?.revision === standing?.revision && shown?.value.toString() === standing?.value.toString()
        if (!right) return `write ${index} of ${write.key} should be shown revision ${standing?.revision}`
        continue
      }
      if (!write.value && !standing) continue
      if (result.revision <= (standing?.revision ?? 0)) return `write ${index} of ${write.key} went back in time`
      this.events.push({ key: write.key, value: write.value, revision: result.revision })
    }
    const added = this.events.splice(before).sort((a, b) => a.revision - b.revision)
    const newest = this.events.at(-1)?.revision ?? 0
    if ((added[0]?.revision ?? Number.POSITIVE_INFINITY) <= newest) return `revision ${newest} had been given before`
    if (new Set(added.map(event => event.revision)).size < added.length) return 'two writes got one revision'
    this.events.push(...added)
    return undefined
  }
}
