// One 512-byte block of a tar archive, and the pax and GNU records that amend the next one: pure decoding.
// tar(5) of libarchive and POSIX.1-2017 pax(1) describe both.
import { ImageError } from './errors.ts'

export const blockBytes = 512

/** A header as it stands in the archive. Names are byte strings: one character a byte (latin1), whatever the encoding. */
export interface RawHeader {
  readonly typeFlag: string
  readonly name: string
  readonly linkName: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtimeSeconds: number
  readonly deviceMajor: number
  readonly deviceMinor: number
}

/** Bytes of a byte string as people should read them. */
export function printable(name: string): string {
  return JSON.stringify(Buffer.from(name, 'latin1').toString('utf8'))
}

function text(block: Buffer, start: number, length: number): string {
  const field = block.subarray(start, start + length)
  const end = field.indexOf(0)
  return field.toString('latin1', 0, end === -1 ? length : end)
}

/** Octal digits between blanks, or GNU's base 256 when the first bit is set. @throws ImageError */
function numeric(block: Buffer, start: number, length: number, what: string): number {
  const first = block[start] ?? 0
  if (first & 0x80) {
    // Two's complement: a negative number is read with its bits inverted.
    const invert = first & 0x40 ? 0xff : 0
    let value = (first ^ invert) & 0x3f
    for (let index = start + 1; index < start + length; index++) value = value * 256 + ((block[index] ?? 0) ^ invert)
    if (!Number.isSafeInteger(value)) throw new ImageError('invalid', `a header's ${what} is beyond all measure`)
    return invert === 0 ? value : -value - 1
  }
  const digits = text(block, start, length).trim()
  if (digits === '') return 0
  if (!/^[0-7]+$/.test(digits))
    throw new ImageError('invalid', `a header's ${what} ${JSON.stringify(digits)} is no octal number`)
  return Number.parseInt(digits, 8)
}

/** Whether the block is all zeros: two of them end an archive. */
export function isEndBlock(block: Buffer): boolean {
  return block.every(byte => byte === 0)
}

/** Whether the block's checksum is that of a tar header; old tars summed signed bytes. */
export function isHeader(block: Buffer): boolean {
  if (block.length < blockBytes) return false
  const digits = text(block, 148, 8).trim()
  if (!/^[0-7]+$/.test(digits)) return false
  const expected = Number.parseInt(digits, 8)
  let unsigned = 0
  let signed = 0
  for (let index = 0; index < blockBytes; index++) {
    const byte = index >= 148 && index < 156 ? 0x20 : (block[index] ?? 0)
    unsigned += byte
    signed += byte > 127 ? byte - 256 : byte
  }
  return expected === unsigned || expected === signed
}

/** @throws ImageError for a block that is no header */
export function decodeHeader(block: Buffer): RawHeader {
  if (!isHeader(block))
    throw new ImageError('invalid', 'a header has a wrong checksum: this is no tar archive, or it is damaged')
  const name = text(block, 0, 100)
  const size = numeric(block, 124, 12, 'size')
  if (size < 0) throw new ImageError('invalid', 'a header has a negative size')
  // Only POSIX archives have a prefix there ("ustar\0"); GNU's ("ustar  ") have times.
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? text(block, 345, 155) : ''
  return {
    typeFlag: String.fromCharCode(block[156] ?? 0),
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: text(block, 157, 100),
    mode: numeric(block, 100, 8, 'mode'),
    uid: numeric(block, 108, 8, 'uid'),
    gid: numeric(block, 116, 8, 'gid'),
    size,
    mtimeSeconds: numeric(block, 136, 12, 'mtime'),
    deviceMajor: numeric(block, 329, 8, 'device number'),
    deviceMinor: numeric(block, 337, 8, 'device number'),
  }
}

/** What GNU tar writes once for each piece of a sparse file; all of them together are `GNU.sparse.map` in its later form. */
const sparsePiece = /^GNU\.sparse\.(offset|numbytes)$/

/**
 * Records of a pax header: "LENGTH KEY=VALUE\n". Values stay bytes, since extended attributes are. The pieces of a sparse
 * file come as the list that newer archives have for them.
 * @throws ImageError
 */
export function decodePax(body: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>()
  const pieces: string[] = []
  for (let start = 0; start < body.length; ) {
    const space = body.indexOf(0x20, start)
    const digits = space === -1 ? '' : body.toString('latin1', start, space)
    const length = /^[0-9]{1,9}$/.test(digits) ? Number(digits) : 0
    const end = start + length
    const equals = body.indexOf(0x3d, space)
    if (length === 0 || end > body.length || body[end - 1] !== 0x0a || equals === -1 || equals >= end) {
      throw new ImageError('invalid', 'a pax header is malformed')
    }
    const key = body.toString('utf8', space + 1, equals)
    const value = body.subarray(equals + 1, end - 1)
    if (sparsePiece.test(key)) pieces.push(value.toString('latin1'))
    else records.set(key, value)
    start = end
  }
  if (pieces.length > 0) records.set('GNU.sparse.map', Buffer.from(pieces.join(',')))
  return records
}
