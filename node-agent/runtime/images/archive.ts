// The outer archive: which of its parts are where. Reading it once gives random access to parts in any order.
import { FileSource } from './byte-source.ts'
import type { FilePart } from './compression.ts'
import { ImageError } from './errors.ts'
import { type TarEntry, TarReader } from './tar.ts'

/** Image archives have a few dozen entries; an archive with more is a root file system or hostile. */
const maxParts = 20_000
const maxLinkDepth = 8

type Found = { readonly part: FilePart } | { readonly link: string } | { readonly sparse: true }

export class Archive {
  readonly whole: FilePart
  /** Whether what image archives lack is in it: something executable, or the folders of a system. */
  readonly looksLikeRootFs: boolean
  /** Whether the end of archive was marked, so that nothing was cut off. */
  readonly complete: boolean
  /** The first names, for messages. */
  readonly sample: readonly string[]
  readonly #parts: ReadonlyMap<string, Found>

  private constructor(whole: FilePart, scan: Scan, complete: boolean) {
    this.whole = whole
    this.looksLikeRootFs = scan.looksLikeRootFs
    this.complete = complete
    this.sample = scan.sample
    this.#parts = scan.parts
  }

  /** Reads all headers of an uncompressed archive. @throws ImageError, TruncatedError */
  static async open(whole: FilePart): Promise<Archive> {
    const reader = new TarReader(new FileSource(whole.fd, whole.start, whole.end))
    const scan = new Scan()
    for (let entry = await reader.next(); entry; entry = await reader.next()) scan.add(entry, whole)
    return new Archive(whole, scan, reader.sawEnd)
  }

  /**
   * A file of the archive, through symbolic and hard links inside it (old `docker save` shares layers so).
   * @throws ImageError for one that does not lie in one piece
   */
  find(name: string): FilePart | undefined {
    let current = normal(name)
    for (let depth = 0; depth < maxLinkDepth; depth++) {
      const found = this.#parts.get(current)
      if (found === undefined) return undefined
      if ('part' in found) return found.part
      if ('sparse' in found) {
        throw new ImageError('invalid', `${name} is a sparse file in the archive: write that without --sparse`)
      }
      current = found.link
    }
    return undefined
  }
}

class Scan {
  readonly parts = new Map<string, Found>()
  readonly sample: string[] = []
  looksLikeRootFs = false

  add(entry: TarEntry, whole: FilePart): void {
    const name = normal(entry.path)
    if (this.sample.length < 5 && name !== '') this.sample.push(Buffer.from(name, 'latin1').toString('utf8'))
    const executable = entry.type === 'file' && (entry.mode & 0o111) !== 0
    if (executable || /^(bin|sbin|usr|etc|lib)(\/|$)/.test(name)) this.looksLikeRootFs = true
    if (this.parts.size >= maxParts) return
    if (entry.segments) this.parts.set(name, { sparse: true })
    else if (entry.type === 'file') {
      const start = whole.start + entry.offset
      this.parts.set(name, { part: { fd: whole.fd, start, end: start + entry.sizeBytes } })
    } else if (entry.type === 'hardlink') this.parts.set(name, { link: normal(entry.linkPath) })
    else if (entry.type === 'symlink') {
      const folder = entry.linkPath.startsWith('/') ? '' : name.split('/').slice(0, -1).join('/')
      this.parts.set(name, { link: normal(`${folder}/${entry.linkPath}`) })
    }
  }
}

/** Without "." and "..", which lead nowhere above the archive. */
function normal(name: string): string {
  const parts: string[] = []
  for (const part of name.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/')
}

/** What to say of an archive that holds no image. */
export function unknownArchive(archive: Archive): ImageError {
  const holds = archive.sample.length === 0 ? 'is empty' : `begins with ${archive.sample.join(', ')}`
  return new ImageError(
    'invalid',
    `this archive ${holds}: it is neither a docker-archive (manifest.json), nor an oci-archive (index.json), nor a root ` +
      'file system (nothing executable in it). Make one with `docker save`, `podman save` or `docker export`',
  )
}
