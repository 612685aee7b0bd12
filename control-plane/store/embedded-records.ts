// What the embedded store writes, byte for byte. Four tables:
//   keys     key → the revision of its newest value (and when it expires); live keys only
//   history  revision → record: one for every write since the last compaction, and the newest one of
//            every live key, however old. A record knows the revision it replaced, so the past can be
//            read by walking history backwards from now.
//   expiry   (time, revision) → nothing: what expires next
//   meta     revision, compacted, format, owner
import type { Revision } from './store.ts'

/** Changes when the bytes below do. */
export const formatVersion = '1'

export interface Record {
  readonly key: string
  /** Undefined: this write deleted the key. */
  readonly value: Buffer | undefined
  /** The revision this write replaced; 0: the key did not exist. */
  readonly previous: Revision
}

/** What the keys table says of a live key. */
export interface Live {
  readonly revision: Revision
  /** Wall-clock milliseconds; 0: never. */
  readonly expiresAtMs: number
}

const present = 1
const deleted = 2
const headerBytes = 11

export function writeNumber(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

export function readNumber(bytes: Uint8Array, offset = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 8)
  return view.getUint32(0) * 2 ** 32 + view.getUint32(4)
}

export function writeRecord(record: Record): Buffer {
  const keyBytes = Buffer.byteLength(record.key)
  const bytes = Buffer.allocUnsafe(headerBytes + keyBytes + (record.value?.length ?? 0))
  bytes.writeUInt8(record.value ? present : deleted, 0)
  bytes.writeBigUInt64BE(BigInt(record.previous), 1)
  bytes.writeUInt16BE(keyBytes, 9)
  bytes.write(record.key, headerBytes)
  record.value?.copy(bytes, headerBytes + keyBytes)
  return bytes
}

/** @throws Error when the bytes are no record: the file is damaged. */
export function readRecord(bytes: Buffer): Record {
  const kind = bytes.length < headerBytes ? 0 : bytes.readUInt8(0)
  const valueStart = kind === 0 ? 0 : headerBytes + bytes.readUInt16BE(9)
  if ((kind !== present && kind !== deleted) || valueStart > bytes.length) {
    throw new DamagedRecordError('a record of its history is unreadable')
  }
  return {
    key: bytes.toString('utf8', headerBytes, valueStart),
    value: kind === present ? bytes.subarray(valueStart) : undefined,
    previous: readNumber(bytes, 1),
  }
}

export class DamagedRecordError extends Error {
  override readonly name = 'DamagedRecordError'
}

export function writeLive(live: Live): Buffer {
  return Buffer.concat([writeNumber(live.revision), writeNumber(live.expiresAtMs)])
}

export function readLive(bytes: Buffer): Live {
  return { revision: readNumber(bytes), expiresAtMs: readNumber(bytes, 8) }
}

export function writeExpiry(live: Live): Buffer {
  return Buffer.concat([writeNumber(live.expiresAtMs), writeNumber(live.revision)])
}

export function readExpiry(bytes: Buffer): Live {
  return { expiresAtMs: readNumber(bytes), revision: readNumber(bytes, 8) }
}
