// Reading tar archives: V7, ustar, pax and GNU, entry by entry, without holding more than one header in memory.
// Ours rather than a package's because layers need what packages leave out: extended attributes as bytes (a file's
// capabilities are not text), pax owners and times, each content's offset, and a bound on what a header may hold.
// Where archives leave room for opinion it does as Go's archive/tar, which is what they are tried with.
import type { FileTime } from '../../sys/tree.ts'
import { type ByteSource, TruncatedError } from './byte-source.ts'
import { ImageError } from './errors.ts'
import { blockBytes, decodeHeader, decodePax, isEndBlock, printable, type RawHeader } from './tar-header.ts'
import { checkSegments, readSparseMap, type Segment, sparseHeader } from './tar-sparse.ts'

type TarEntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo'

export interface TarEntry {
  /** As the archive spells it, in a byte string (latin1). */
  readonly path: string
  readonly type: TarEntryType
  readonly linkPath: string
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Of a file, with its holes. */
  readonly sizeBytes: number
  readonly mtime: FileTime
  readonly deviceMajor: number
  readonly deviceMinor: number
  readonly xattrs: ReadonlyMap<string, Buffer>
  /** Where the content begins in the source. */
  readonly offset: number
  /** Of a file with holes: where the pieces of the content belong. */
  readonly segments?: readonly Segment[]
}

const types: Record<string, TarEntryType> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
}

const maxMetadataBytes = 1024 * 1024
const xattrPrefix = 'SCHILY.xattr.'

export class TarReader {
  readonly #source: ByteSource
  #contentLeft = 0
  #paddingLeft = 0
  #ended = false

  constructor(source: ByteSource) {
    this.#source = source
  }

  /** Whether the blocks of zeros that end an archive were there: without them it may have been cut short. */
  get sawEnd(): boolean {
    return this.#ended
  }

  /** The next entry, or undefined after the last. What was left of the previous content is skipped. @throws ImageError */
  async next(): Promise<TarEntry | undefined> {
    const pax = new Map<string, Buffer>()
    let longName: string | undefined
    let longLink: string | undefined
    for (;;) {
      await this.#source.skip(this.#contentLeft + this.#paddingLeft)
      this.#contentLeft = 0
      this.#paddingLeft = 0
      const block = await this.#source.read(blockBytes)
      if (block === undefined) return undefined
      if (isEndBlock(block)) {
        await this.#end()
        return undefined
      }
      const header = decodeHeader(block)
      if (header.typeFlag === 'x')
        for (const [key, value] of decodePax(await this.#metadata(header))) pax.set(key, value)
      // A global header says the same of every entry. Go's reader hands it on, and no unpacker there heeds it.
      else if (header.typeFlag === 'g') await this.#metadata(header)
      else if (header.typeFlag === 'L') longName = cString(await this.#metadata(header))
      else if (header.typeFlag === 'K') longLink = cString(await this.#metadata(header))
      else return this.#entry(header, pax, longName, longLink)
    }
  }

  /** The current entry's content, holes left out; chunks are valid until the next one is asked for. */
  async *content(): AsyncGenerator<Buffer> {
    while (this.#contentLeft > 0) {
      const chunk = await this.#source.some(this.#contentLeft)
      if (chunk === undefined) {
        await this.#source.skip(this.#contentLeft)
        return
      }
      this.#contentLeft -= chunk.length
      yield chunk
    }
  }

  /** Two blocks of zeros are the end, or one and nothing more. */
  async #end(): Promise<void> {
    const second = await this.#source.read(blockBytes)
    if (second !== undefined && !isEndBlock(second)) {
      throw new ImageError('invalid', 'a block of zeros stands in the middle: the archive is damaged')
    }
    this.#ended = true
  }

  #expect(sizeBytes: number): void {
    this.#contentLeft = sizeBytes
    this.#paddingLeft = (blockBytes - (sizeBytes % blockBytes)) % blockBytes
  }

  async #metadata(header: RawHeader): Promise<Buffer> {
    if (header.size > maxMetadataBytes) {
      throw new ImageError('invalid', `an extended header claims ${header.size} bytes, more than any real one has`)
    }
    this.#expect(header.size)
    const parts: Buffer[] = []
    for await (const part of this.content()) parts.push(Buffer.from(part))
    return Buffer.concat(parts)
  }

  async #entry(
    header: RawHeader,
    pax: ReadonlyMap<string, Buffer>,
    longName: string | undefined,
    longLink: string | undefined,
  ): Promise<TarEntry> {
    const written = longName ?? paxText(pax, 'path') ?? header.name
    if (header.typeFlag === 'S') {
      throw new ImageError(
        'invalid',
        `${printable(written)} is a sparse file in GNU's old form: write the archive with --format=posix`,
      )
    }
    let type = types[header.typeFlag]
    if (type === undefined) {
      throw new ImageError('invalid', `${printable(written)} has the unknown entry type ${printable(header.typeFlag)}`)
    }
    // V7 archives have no type for folders: their names end with a slash.
    if (header.typeFlag === '\0' && written.endsWith('/')) type = 'directory'
    const storedBytes = type === 'file' ? (paxInteger(pax, 'size') ?? header.size) : 0
    this.#expect(storedBytes)
    const sparse = type === 'file' ? sparseHeader(pax, written) : undefined
    const segments = sparse && (sparse.map ?? (await this.#sparseMap(written)))
    if (segments) checkSegments(segments, sparse.sizeBytes, this.#contentLeft, written)
    const xattrs = new Map<string, Buffer>()
    for (const [key, value] of pax) {
      if (key.startsWith(xattrPrefix)) xattrs.set(key.slice(xattrPrefix.length), value)
    }
    return {
      path: sparse?.name ?? written,
      type,
      linkPath: longLink ?? paxText(pax, 'linkpath') ?? header.linkName,
      mode: header.mode & 0o7777,
      uid: paxInteger(pax, 'uid') ?? header.uid,
      gid: paxInteger(pax, 'gid') ?? header.gid,
      sizeBytes: sparse?.sizeBytes ?? storedBytes,
      mtime: paxTime(pax, 'mtime') ?? { seconds: header.mtimeSeconds, nanoseconds: 0 },
      deviceMajor: header.deviceMajor,
      deviceMinor: header.deviceMinor,
      xattrs,
      offset: this.#source.position,
      ...(segments && { segments }),
    }
  }

  #sparseMap(path: string): Promise<readonly Segment[]> {
    const nextBlock = async (): Promise<Buffer> => {
      const block = this.#contentLeft < blockBytes ? undefined : await this.#source.read(blockBytes)
      if (block === undefined) throw new TruncatedError(this.#source.position)
      this.#contentLeft -= blockBytes
      return block
    }
    return readSparseMap(nextBlock, maxMetadataBytes, path)
  }
}

function cString(body: Buffer): string {
  const end = body.indexOf(0)
  return body.toString('latin1', 0, end === -1 ? body.length : end)
}

/** An empty value takes back what an earlier header said (POSIX). */
function paxText(pax: ReadonlyMap<string, Buffer>, key: string): string | undefined {
  const value = pax.get(key)
  return value === undefined || value.length === 0 ? undefined : value.toString('latin1')
}

function paxInteger(pax: ReadonlyMap<string, Buffer>, key: string): number | undefined {
  const value = paxText(pax, key)
  if (value === undefined) return undefined
  const number = Number(value)
  if (!/^[0-9]+$/.test(value) || !Number.isSafeInteger(number)) throw noNumber(key, value)
  return number
}

/** Seconds, perhaps negative, with as many decimals as the writer liked; beyond nanoseconds they are dropped. */
function paxTime(pax: ReadonlyMap<string, Buffer>, key: string): FileTime | undefined {
  const value = paxText(pax, key)
  if (value === undefined) return undefined
  const [, sign = '', whole = '', decimals = ''] = /^(-?)([0-9]+)(?:\.([0-9]*))?$/.exec(value) ?? []
  const seconds = Number(whole)
  if (whole === '' || !Number.isSafeInteger(seconds)) throw noNumber(key, value)
  const nanoseconds = Number(decimals.slice(0, 9).padEnd(9, '0'))
  if (sign === '') return { seconds, nanoseconds }
  return nanoseconds === 0
    ? { seconds: -seconds, nanoseconds }
    : { seconds: -seconds - 1, nanoseconds: 1e9 - nanoseconds }
}

function noNumber(key: string, value: string): ImageError {
  return new ImageError('invalid', `a pax header's ${key} ${JSON.stringify(value)} is no number`)
}
