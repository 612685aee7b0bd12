import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { StreamSource } from './byte-source.ts'
import { type TarEntry, TarReader } from './tar.ts'
import { paxHeader, paxRecord, rawEntry } from './testing.ts'

const end = Buffer.alloc(1024)
const x = Buffer.from('x')

interface Read extends TarEntry {
  readonly content: string
}

/** In pieces, so that no entry arrives aligned. */
async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < bytes.length; offset += 700) yield bytes.subarray(offset, offset + 700)
}

async function read(...parts: Buffer[]): Promise<Read[]> {
  const reader = new TarReader(new StreamSource(pieces(Buffer.concat(parts))))
  const entries: Read[] = []
  for (let entry = await reader.next(); entry; entry = await reader.next()) {
    const chunks: Buffer[] = []
    for await (const chunk of reader.content()) chunks.push(Buffer.from(chunk))
    entries.push({ ...entry, content: Buffer.concat(chunks).toString('latin1') })
  }
  return entries
}

describe('the end', () => {
  test('is two blocks of zeros, or one and nothing more, or nothing', async () => {
    for (const tail of [end, Buffer.alloc(512), Buffer.alloc(0), Buffer.concat([end, Buffer.from('ignored')])]) {
      assert.equal((await read(rawEntry('0', 'f', x), tail)).length, 1)
    }
  })

  test('one block of zeros in the middle is damage', async () => {
    const archive = [rawEntry('0', 'f', x), Buffer.alloc(512), rawEntry('0', 'g', x), end]
    await assert.rejects(read(...archive), /zeros stands in the middle/)
    await assert.rejects(read(rawEntry('0', 'f', x), Buffer.alloc(700)), /cut short/)
  })
})

describe('names', () => {
  test("GNU's long name is taken before pax's", async () => {
    const [entry] = await read(
      paxHeader({ path: 'from-pax', linkpath: 'link-pax' }),
      rawEntry('L', '././@LongLink', Buffer.from('from-gnu\0')),
      rawEntry('K', '././@LongLink', Buffer.from('link-gnu\0')),
      rawEntry('2', 'short', Buffer.alloc(0)),
      end,
    )
    assert.deepEqual([entry?.path, entry?.linkPath], ['from-gnu', 'link-gnu'])
  })

  test('a global header changes nothing', async () => {
    const global = paxHeader({ path: 'wrong', uid: '7', comment: 'c', 'SCHILY.xattr.user.a': 'b' }, 'g')
    const [entry] = await read(global, rawEntry('0', 'f', x), end)
    assert.deepEqual([entry?.path, entry?.uid, entry?.xattrs.size, entry?.content], ['f', 0, 0, 'x'])
  })

  test('a final slash makes a directory of a V7 entry only', async () => {
    const entries = await read(rawEntry('\0', 'd/', Buffer.alloc(0)), rawEntry('0', 'f/', x), end)
    assert.deepEqual(
      entries.map(({ type, content }) => [type, content]),
      [
        ['directory', ''],
        ['file', 'x'],
      ],
    )
  })
})

describe('numbers', () => {
  test('pax times keep nanoseconds, before 1970 too', async () => {
    const cases: [string, number, number][] = [
      ['1600000000.123456789', 1600000000, 123456789],
      ['1600000000.1234567899', 1600000000, 123456789],
      ['1.5', 1, 500000000],
      ['12', 12, 0],
      ['12.', 12, 0],
      ['-1', -1, 0],
      ['-1.25', -2, 750000000],
      ['-0.000000001', -1, 999999999],
    ]
    for (const [mtime, seconds, nanoseconds] of cases) {
      const [entry] = await read(paxHeader({ mtime }), rawEntry('0', 'f', x), end)
      assert.deepEqual(entry?.mtime, { seconds, nanoseconds }, mtime)
    }
    for (const mtime of ['soon', '1.2.3', '--1', '.5', '1e3']) {
      await assert.rejects(read(paxHeader({ mtime }), rawEntry('0', 'f', x), end), /no number/, mtime)
    }
  })

  test('base 256 says negative ones', async () => {
    const minus = (value: number, length: number): Buffer => {
      const bytes = Buffer.alloc(length, 0xff)
      bytes.writeInt32BE(value, length - 4)
      return bytes
    }
    const fields = { 108: minus(-1, 8), 116: minus(-2, 8), 136: minus(-3, 12) }
    const [entry] = await read(rawEntry('0', 'f', x, fields), end)
    assert.deepEqual([entry?.uid, entry?.gid, entry?.mtime], [-1, -2, { seconds: -3, nanoseconds: 0 }])
  })
})

describe('sparse files', () => {
  /** As `tar --sparse --format=posix` writes them, in each of its versions. */
  const forms: Record<string, Buffer[]> = {
    '1.0': [
      paxHeader({
        'GNU.sparse.major': '1',
        'GNU.sparse.minor': '0',
        'GNU.sparse.name': 'holes',
        'GNU.sparse.realsize': '5000',
      }),
      rawEntry(
        '0',
        './GNUSparseFile.0/holes',
        Buffer.concat([Buffer.from('2\n1000\n3\n4000\n2\n'.padEnd(512, '\0')), Buffer.from('abcde')]),
      ),
    ],
    '0.1': [
      paxHeader({
        'GNU.sparse.major': '0',
        'GNU.sparse.minor': '1',
        'GNU.sparse.name': 'holes',
        'GNU.sparse.size': '5000',
        'GNU.sparse.map': '1000,3,4000,2',
      }),
      rawEntry('0', './GNUSparseFile.0/holes', Buffer.from('abcde')),
    ],
    '0.0': [
      rawEntry(
        'x',
        'pax',
        Buffer.concat(
          Object.entries({
            size: '5000',
            numblocks: '2',
            offset: '1000',
            numbytes: '3',
            offset2: '4000',
            numbytes2: '2',
          }).map(([key, value]) => paxRecord(`GNU.sparse.${key.replace('2', '')}`, Buffer.from(value))),
        ),
      ),
      rawEntry('0', 'holes', Buffer.from('abcde')),
    ],
  }
  for (const [version, archive] of Object.entries(forms)) {
    test(`of form ${version} say where their pieces belong`, async () => {
      const entries = await read(...archive, rawEntry('0', 'next', x), end)
      assert.deepEqual(
        entries.map(({ path, sizeBytes, segments, content }) => ({ path, sizeBytes, segments, content })),
        [
          {
            path: 'holes',
            sizeBytes: 5000,
            segments: [
              { offset: 1000, length: 3 },
              { offset: 4000, length: 2 },
            ],
            content: 'abcde',
          },
          { path: 'next', sizeBytes: 1, segments: undefined, content: 'x' },
        ],
      )
    })
  }

  test('one that is all hole', async () => {
    const header = { 'GNU.sparse.major': '0', 'GNU.sparse.minor': '1', 'GNU.sparse.size': '9', 'GNU.sparse.map': '' }
    const [entry] = await read(paxHeader(header), rawEntry('0', 'f', Buffer.alloc(0)), end)
    assert.deepEqual([entry?.sizeBytes, entry?.segments], [9, []])
  })

  const refused: [string, Record<string, string>, string, RegExp][] = [
    ['an unknown form', { major: '2', minor: '0', size: '1' }, 'x', /unknown format 2\.0/],
    ['no size', { major: '0', minor: '1', map: '0,1' }, 'x', /no size/],
    ['a piece beyond the end', { major: '0', minor: '1', size: '2', map: '2,1' }, 'x', /beyond its end/],
    ['pieces that overlap', { major: '0', minor: '1', size: '9', map: '0,1,0,1' }, 'xy', /overlap/],
    ['half a piece', { major: '0', minor: '1', size: '9', map: '0,1,2' }, 'x', /malformed list/],
    [
      'less than it lists',
      { major: '0', minor: '1', size: '9', map: '0,2' },
      'x',
      /lists 2 bytes, and the archive has 1/,
    ],
    ['more than it lists', { major: '0', minor: '1', size: '9', map: '0,1' }, 'xy', /lists 1 bytes/],
    ['a list of letters', { major: '1', minor: '0', size: '9' }, 'abc\n'.padEnd(512, '\0'), /malformed list/],
    ['a number without end', { major: '1', minor: '0', size: '9' }, '1'.repeat(512), /malformed list/],
    ['a list cut short', { major: '1', minor: '0', size: '9' }, '3\n0\n', /cut short/],
    ['an endless list', { major: '1', minor: '0', size: '9' }, '999999\n'.padEnd(2 << 20, '0\n'), /longer list/],
  ]
  for (const [what, fields, content, message] of refused) {
    test(`with ${what} are refused`, async () => {
      const header = Object.fromEntries(Object.entries(fields).map(([key, value]) => [`GNU.sparse.${key}`, value]))
      await assert.rejects(read(paxHeader(header), rawEntry('0', 'f', Buffer.from(content)), end), message)
    })
  }

  test("in GNU's old form are refused", async () => {
    await assert.rejects(read(rawEntry('S', 'f', x), end), /old form.*--format=posix/)
  })
})
