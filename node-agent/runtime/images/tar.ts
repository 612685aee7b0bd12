// Reading tar archives: V7, ustar, pax and GNU, entry by entry, without holding more than one header in memory.
// Ours rather than a package's because layers need what packages leave out: extended attributes as bytes (a file's
// capabilities are not text), pax owners and times, each content's offset, and a bound on what a header may hold.
import type { ByteSource } from './byte-source.ts'
import { ImageError } from './errors.ts'
import { blockBytes, decodeHeader, decodePax, isEndBlock, printable, type RawHeader } from './tar-header.ts'

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
  readonly sizeBytes: number
  /** May have a fraction. */
  readonly mtimeSeconds: number
  readonly deviceMajor: number
  readonly deviceMinor: number
  readonly xattrs: ReadonlyMap<string, Buffer>
  /** Where the content begins in the source. */
  readonly offset: number
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
  readonly #globalPax = new Map<string, Buffer>()
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
        this.#ended = true
        return undefined
      }
      const header = decodeHeader(block)
      if (header.typeFlag === 'x')
        for (const [key, value] of decodePax(await this.#metadata(header))) pax.set(key, value)
      else if (header.typeFlag === 'g') {
        for (const [key, value] of decodePax(await this.#metadata(header))) this.#globalPax.set(key, value)
      } else if (header.typeFlag === 'L') longName = cString(await this.#metadata(header))
      else if (header.typeFlag === 'K') longLink = cString(await this.#metadata(header))
      else return this.#entry(header, new Map([...this.#globalPax, ...pax]), longName, longLink)
    }
  }

  /** The current entry's content; chunks are valid until the next one is asked for. */
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

  #entry(
    header: RawHeader,
    pax: ReadonlyMap<string, Buffer>,
    longName: string | undefined,
    longLink: string | undefined,
  ): TarEntry {
    const path = paxText(pax, 'path') ?? longName ?? header.name
    const sparse = header.typeFlag === 'S' || [...pax.keys()].some(key => key.startsWith('GNU.sparse.'))
    if (sparse) {
      throw new ImageError(
        'invalid',
        `${printable(path)} is stored as a sparse file: write the archive without --sparse`,
      )
    }
    let type = types[header.typeFlag]
    if (type === undefined) {
      throw new ImageError('invalid', `${printable(path)} has the unknown entry type ${printable(header.typeFlag)}`)
    }
    // V7 archives have no type for folders: their names end with a slash.
    if (type === 'file' && path.endsWith('/')) type = 'directory'
    const sizeBytes = type === 'file' ? (paxNumber(pax, 'size') ?? header.size) : 0
    this.#expect(sizeBytes)
    const xattrs = new Map<string, Buffer>()
    for (const [key, value] of pax) {
      if (key.startsWith(xattrPrefix)) xattrs.set(key.slice(xattrPrefix.length), value)
    }
    return {
      path,
      type,
      linkPath: paxText(pax, 'linkpath') ?? longLink ?? header.linkName,
      mode: header.mode & 0o7777,
      uid: paxNumber(pax, 'uid') ?? header.uid,
      gid: paxNumber(pax, 'gid') ?? header.gid,
      sizeBytes,
      mtimeSeconds: paxNumber(pax, 'mtime', true) ?? header.mtimeSeconds,
      deviceMajor: header.deviceMajor,
      deviceMinor: header.deviceMinor,
      xattrs,
      offset: this.#source.position,
    }
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

function paxNumber(pax: ReadonlyMap<string, Buffer>, key: string, fraction = false): number | undefined {
  const value = paxText(pax, key)
  if (value === undefined) return undefined
  const pattern = fraction ? /^-?[0-9]+(\.[0-9]*)?$/ : /^[0-9]+$/
  const number = Number(value)
  if (!pattern.test(value) || Math.abs(number) > Number.MAX_SAFE_INTEGER) {
    throw new ImageError('invalid', `a pax header's ${key} ${JSON.stringify(value)} is no number`)
  }
  return number
}
