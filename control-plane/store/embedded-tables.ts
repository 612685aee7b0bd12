// How the tables of the embedded store change together. Everything here runs inside a write
// transaction, except where it says that it only reads.
import type { Tables } from './embedded-directory.ts'
import {
  type Live,
  readExpiry,
  readLive,
  readNumber,
  readRecord,
  writeExpiry,
  writeLive,
  writeNumber,
  writeRecord,
} from './embedded-records.ts'
import type { Revision, Write } from './store.ts'

const nothing = Buffer.from([0])

/** Writes or deletes a key at a revision. @param live what the keys table has of it now */
export function putRecord(
  { keys, history, expiry }: Tables,
  { key, value }: Write,
  revision: Revision,
  live: Live | undefined,
  expiresAtMs: number,
): void {
  if (live && live.expiresAtMs > 0) expiry.removeSync(writeExpiry(live))
  const next: Live = { revision, expiresAtMs }
  if (value) keys.putSync(Buffer.from(key), writeLive(next))
  else keys.removeSync(Buffer.from(key))
  if (expiresAtMs > 0) expiry.putSync(writeExpiry(next), nothing)
  history.putSync(writeNumber(revision), writeRecord({ key, value, previous: live?.revision ?? 0 }))
}

/**
 * Forgets up to `limit` revisions of what lies before a revision: what they replaced and, if they are
 * deletions, they themselves. What a key's newest revision says is never forgotten.
 * @returns the revision from which on history is whole
 */
export function compactTables({ history, meta }: Tables, before: Revision, limit: number): Revision {
  const number = (name: string): number => {
    const bytes = meta.get(Buffer.from(name))
    return bytes ? readNumber(bytes) : 0
  }
  const compacted = number('compacted')
  const end = Math.min(before, number('revision'), compacted + limit)
  if (end <= compacted) return compacted
  const range = { start: writeNumber(compacted), end: writeNumber(end) }
  // Read first, remove then: a cursor must not walk over what is being removed.
  for (const { key, value } of [...history.getRange(range)]) {
    const record = readRecord(value)
    if (record.previous > 0) history.removeSync(writeNumber(record.previous))
    if (!record.value) history.removeSync(key)
  }
  meta.putSync(Buffer.from('compacted'), writeNumber(end))
  return end
}

/** When the next key expires, in wall-clock milliseconds; Infinity: none will. Only reads. */
export function nextExpiryMs({ expiry }: Tables): number {
  for (const key of expiry.getKeys({ limit: 1 })) return readExpiry(key).expiresAtMs
  return Number.POSITIVE_INFINITY
}

/** Up to `limit` keys whose time has come, with the revision that was to expire. Only reads. */
export function dueKeys({ expiry, history, keys }: Tables, nowMs: number, limit: number) {
  const due: { key: string; revision: Revision }[] = []
  for (const bytes of expiry.getKeys({ end: writeNumber(nowMs + 1), limit })) {
    const { revision } = readExpiry(bytes)
    const record = history.get(writeNumber(revision))
    const key = record && readRecord(record).key
    const live = key === undefined ? undefined : keys.get(Buffer.from(key))
    if (key !== undefined && live && readLive(live).revision === revision) due.push({ key, revision })
  }
  return due
}
