// Files with holes, as GNU tar stores them in pax archives: only what lies between the holes is in the archive, and a
// list says where it belongs. Three forms of the list are in use: 0.0 and 0.1 keep it in the pax header, 1.0 puts it
// before the content. https://www.gnu.org/software/tar/manual/html_section/Sparse-Formats.html
import { ImageError } from './errors.ts'
import { blockBytes, printable } from './tar-header.ts'

/** Of a number of 64 bits. */
const maxDigits = 20

/** A stretch of a file that is no hole. */
export interface Segment {
  readonly offset: number
  readonly length: number
}

export interface SparseHeader {
  /** Of the file; the entry's own name is made up. */
  readonly name: string | undefined
  /** With its holes. */
  readonly sizeBytes: number
  /** From the header itself; undefined when the list precedes the content. */
  readonly map: readonly Segment[] | undefined
}

/** The header's part of a sparse file's description; undefined when it is not sparse. @throws ImageError */
export function sparseHeader(pax: ReadonlyMap<string, Buffer>, path: string): SparseHeader | undefined {
  const field = (key: string): string => pax.get(`GNU.sparse.${key}`)?.toString('latin1') ?? ''
  const [major, minor, map] = [field('major'), field('minor'), field('map')]
  const version = major === '' && minor === '' && map !== '' ? '0' : `${major}.${minor}`
  if (version === '.') return undefined
  const refuse = (why: string): ImageError => new ImageError('invalid', `the sparse file ${printable(path)} ${why}`)
  if (!['0', '0.0', '0.1', '1.0'].includes(version)) throw refuse(`has the unknown format ${version}`)
  const sizeBytes = wholeNumber(field('size') || field('realsize'))
  if (sizeBytes === undefined) throw refuse('has no size')
  const name = field('name')
  return {
    name: name === '' ? undefined : name,
    sizeBytes,
    map: version === '1.0' ? undefined : segments(map.split(','), refuse),
  }
}

/**
 * Reads the list that precedes a content: its length, then each stretch's offset and length, a line each, filled up to a
 * whole block.
 * @param nextBlock the content's next block
 * @param maxBytes that the list may take
 * @throws ImageError
 */
export async function readSparseMap(
  nextBlock: () => Promise<Buffer>,
  maxBytes: number,
  path: string,
): Promise<readonly Segment[]> {
  const refuse = (why: string): ImageError => new ImageError('invalid', `the sparse file ${printable(path)} ${why}`)
  const numbers: string[] = []
  let expected = 1
  let unfinished = ''
  for (let bytes = 0; numbers.length < expected; bytes += blockBytes) {
    if (bytes >= maxBytes) throw refuse('has a longer list of its parts than any real one')
    const lines = (unfinished + (await nextBlock()).toString('latin1')).split('\n')
    unfinished = lines.pop() ?? ''
    numbers.push(...lines)
    const count = wholeNumber(numbers[0] ?? '')
    if (count !== undefined) expected = 1 + 2 * count
    else if (numbers.length > 0) throw refuse('has a malformed list of its parts')
    // What follows the last number fills up its block.
    if (numbers.length < expected && unfinished.length > maxDigits) throw refuse('has a malformed list of its parts')
  }
  return segments(numbers.slice(1, expected), refuse)
}

/**
 * Holds a list against the sizes around it.
 * @param storedBytes what the archive has of the file's content
 * @throws ImageError unless the stretches follow one another within the file, and are what is stored
 */
export function checkSegments(list: readonly Segment[], sizeBytes: number, storedBytes: number, path: string): void {
  let end = 0
  let total = 0
  for (const { offset, length } of list) {
    if (offset < end || offset + length > sizeBytes) {
      throw new ImageError('invalid', `the sparse file ${printable(path)} has parts that overlap or lie beyond its end`)
    }
    end = offset + length
    total += length
  }
  if (total === storedBytes) return
  const message = `the sparse file ${printable(path)} lists ${total} bytes, and the archive has ${storedBytes} of it`
  throw new ImageError('invalid', message)
}

function segments(numbers: readonly string[], refuse: (why: string) => ImageError): Segment[] {
  const list: Segment[] = []
  if (numbers.length === 1 && numbers[0] === '') return list
  for (let index = 0; index < numbers.length; index += 2) {
    const offset = wholeNumber(numbers[index] ?? '')
    const length = wholeNumber(numbers[index + 1] ?? '')
    if (offset === undefined || length === undefined) throw refuse('has a malformed list of its parts')
    list.push({ offset, length })
  }
  return list
}

function wholeNumber(text: string): number | undefined {
  const number = Number(text)
  return /^[0-9]+$/.test(text) && Number.isSafeInteger(number) ? number : undefined
}
