import assert from 'node:assert/strict'
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { closeFd } from '../../sys/fd.ts'
import { openRoot } from '../../sys/rooted.ts'
import { getXattr } from '../../sys/xattr.ts'
import { StreamSource } from './byte-source.ts'
import { LowerLayers } from './lower-layers.ts'
import { TarReader } from './tar.ts'
import { makeTar, paxHeader, rawEntry, type TestEntry } from './testing.ts'
import { type Unpacked, untar } from './untar.ts'

const scratch = mkdtempSync(path.join(tmpdir(), 'tessera-untar-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

/** cap_setuid is bit 7: 0x80 alone is no UTF-8. */
const capability = Buffer.from('0100000280000000000000000000000000000000', 'hex')

/** In pieces, so that no entry arrives aligned. */
async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < bytes.length; offset += 700) yield bytes.subarray(offset, offset + 700)
}

async function unpackBytes(
  bytes: Buffer,
  limits = { maxEntries: 1000, maxBytes: 1 << 20 },
  below: readonly string[] = [],
): Promise<[string, Unpacked]> {
  const root = mkdtempSync(path.join(scratch, 'layer-'))
  const fd = openRoot(root)
  using lower = new LowerLayers(below)
  try {
    return [root, await untar(new TarReader(new StreamSource(pieces(bytes))), fd, lower, limits)]
  } finally {
    closeFd(fd)
  }
}

async function unpack(entries: readonly TestEntry[]): Promise<string> {
  return (await unpackBytes(await makeTar(entries)))[0]
}

/** One pax header and the file it amends, byte by byte: what tar-stream cannot write. */
function paxFile(records: Record<string, Buffer>, name: string): Buffer {
  return Buffer.concat([paxHeader(records), rawEntry('0', name, Buffer.from('hello')), Buffer.alloc(1024)])
}

describe('what layers hold', () => {
  test('files with owners, modes and times; folders in any order; links', async () => {
    const mtime = new Date('2020-02-02T02:02:02Z')
    const root = await unpack([
      { name: 'usr/bin/tool', content: 'x'.repeat(5000), mode: 0o4755, uid: 12, gid: 34, mtime },
      { name: 'usr/', type: 'directory', mode: 0o750, mtime },
      { name: './etc/', type: 'directory', mode: 0o755 },
      { name: 'etc/alias', type: 'symlink', linkname: '../usr/bin/tool', uid: 7, gid: 8 },
      { name: 'usr/bin/twin', type: 'link', linkname: 'usr/bin/tool', mode: 0o4755, uid: 12, gid: 34, mtime },
      { name: 'dev/null', type: 'character-device', devmajor: 1, devminor: 3, mode: 0o666 },
      { name: 'run/fifo', type: 'fifo', mode: 0o600 },
      { name: `long/${'n'.repeat(200)}/${'m'.repeat(200)}`, content: 'deep' },
    ])
    const tool = lstatSync(path.join(root, 'usr/bin/tool'))
    assert.deepEqual(
      [tool.size, tool.mode & 0o7777, tool.uid, tool.gid, tool.mtimeMs],
      [5000, 0o4755, 12, 34, mtime.getTime()],
    )
    assert.equal(lstatSync(path.join(root, 'usr')).mtimeMs, mtime.getTime())
    assert.equal(lstatSync(path.join(root, 'usr')).mode & 0o777, 0o750)
    assert.equal(readlinkSync(path.join(root, 'etc/alias')), '../usr/bin/tool')
    assert.equal(lstatSync(path.join(root, 'etc/alias')).uid, 7)
    assert.equal(lstatSync(path.join(root, 'usr/bin/twin')).ino, tool.ino)
    const device = lstatSync(path.join(root, 'dev/null'))
    assert.deepEqual([device.isCharacterDevice(), device.rdev, device.mode & 0o777], [true, 0x103, 0o666])
    assert.ok(lstatSync(path.join(root, 'run/fifo')).isFIFO())
    assert.equal(readFileSync(path.join(root, `long/${'n'.repeat(200)}/${'m'.repeat(200)}`), 'utf8'), 'deep')
  })

  test('without layers below there is nothing to remove', async () => {
    const root = await unpack([
      { name: 'a/.wh.gone', content: '' },
      { name: 'b/.wh..wh..opq', content: '' },
      { name: 'c/kept', content: 'k' },
      { name: 'c/.wh.kept', content: '' },
      { name: '.wh.d', content: '' },
      { name: 'd/new', content: 'n' },
      { name: '.wh..wh.plnk', content: '' },
    ])
    assert.equal(readFileSync(path.join(root, 'c/kept'), 'utf8'), 'k')
    assert.equal(readFileSync(path.join(root, 'd/new'), 'utf8'), 'n')
    assert.equal(getXattr(path.join(root, 'd'), 'trusted.overlay.opaque'), undefined)
    assert.deepEqual(readdirSync(root).sort(), ['c', 'd'])
  })

  test('file capabilities keep every byte', async () => {
    const [root] = await unpackBytes(paxFile({ 'SCHILY.xattr.security.capability': capability }, 'ping'))
    assert.deepEqual(getXattr(path.join(root, 'ping'), 'security.capability'), capability)
  })

  test('pax gives owners beyond octal and times with fractions', async () => {
    const records = { uid: Buffer.from('3000000'), gid: Buffer.from('4000000'), mtime: Buffer.from('1600000000.25') }
    const [root] = await unpackBytes(paxFile(records, 'f'))
    const { uid, gid, mtimeMs } = lstatSync(path.join(root, 'f'))
    assert.deepEqual([uid, gid, mtimeMs], [3000000, 4000000, 1600000000250])
  })

  test('times to the nanosecond, and before 1970', async () => {
    const [root] = await unpackBytes(
      Buffer.concat([
        paxHeader({ mtime: '1600000000.123456789' }),
        rawEntry('0', 'd/f', Buffer.from('x')),
        paxHeader({ mtime: '-1.5' }),
        rawEntry('5', 'd', Buffer.alloc(0)),
        paxHeader({ mtime: '-2' }),
        rawEntry('2', 'l', Buffer.alloc(0), { 157: 'd' }),
        paxHeader({ mtime: '0.000000001' }),
        rawEntry('6', 'p', Buffer.alloc(0)),
        Buffer.alloc(1024),
      ]),
    )
    const times = ['d/f', 'd', 'l', 'p'].map(name => lstatSync(path.join(root, name), { bigint: true }).mtimeNs)
    assert.deepEqual(times, [1600000000123456789n, -1500000000n, -2000000000n, 1n])
  })

  test("a hard link's entry says what the file is like", async () => {
    const [root] = await unpackBytes(
      Buffer.concat([
        paxHeader({ uid: '5', 'SCHILY.xattr.security.capability': capability }),
        rawEntry('0', 'f', Buffer.from('x')),
        paxHeader({ uid: '5', 'SCHILY.xattr.user.a': 'b', mtime: '9' }),
        rawEntry('1', 'g', Buffer.alloc(0), { 100: '0004711\0', 157: 'f' }),
        rawEntry('2', 's', Buffer.alloc(0), { 157: 'f' }),
        paxHeader({ uid: '6' }),
        rawEntry('1', 't', Buffer.alloc(0), { 157: 's' }),
        Buffer.alloc(1024),
      ]),
    )
    const { mode, uid, mtimeMs, nlink } = lstatSync(path.join(root, 'f'))
    assert.deepEqual([mode & 0o7777, uid, mtimeMs, nlink], [0o4711, 5, 9000, 2])
    assert.equal(getXattr(path.join(root, 'f'), 'user.a')?.toString(), 'b')
    assert.deepEqual(getXattr(path.join(root, 'f'), 'security.capability'), capability, 'the owner is the same')
    assert.deepEqual([lstatSync(path.join(root, 's')).uid, lstatSync(path.join(root, 'f')).uid], [6, 5])
  })

  test("attributes stay, but for overlayfs's own and a machine's labels", async () => {
    const attributes = {
      'user.a': '1',
      'trusted.b': '2',
      'security.capability': capability,
      'security.ima': Buffer.from('0401', 'hex'),
      'security.selinux': 'label',
      'trusted.overlay.redirect': '/etc',
      'trusted.overlay.opaque': 'y',
    }
    const header = paxHeader(
      Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`SCHILY.xattr.${name}`, value])),
    )
    const [root] = await unpackBytes(
      Buffer.concat([
        ...['0', '5', '2', '6'].flatMap(type => [header, rawEntry(type, `e${type}`, Buffer.alloc(0), { 157: 'x' })]),
        Buffer.alloc(1024),
      ]),
    )
    const kept = (name: string): string[] =>
      Object.keys(attributes).filter(attribute => getXattr(path.join(root, name), attribute) !== undefined)
    assert.deepEqual(kept('e0'), ['user.a', 'trusted.b', 'security.capability', 'security.ima'])
    assert.deepEqual(kept('e5'), ['user.a', 'trusted.b', 'security.capability', 'security.ima'])
    // Users' attributes are for files and directories.
    for (const name of ['e2', 'e6']) assert.deepEqual(kept(name), ['trusted.b', 'security.capability', 'security.ima'])
  })

  test('files with holes', async () => {
    const header = {
      'GNU.sparse.major': '1',
      'GNU.sparse.minor': '0',
      'GNU.sparse.name': 'd/f',
      'GNU.sparse.realsize': '3000000',
    }
    const map = Buffer.from('3\n0\n2\n2000000\n1500\n2999999\n1\n'.padEnd(512, '\0'))
    const [root, { sizeBytes }] = await unpackBytes(
      Buffer.concat([
        paxHeader(header),
        rawEntry('0', 'x', Buffer.concat([map, Buffer.alloc(1503, 'a')])),
        Buffer.alloc(1024),
      ]),
      { maxEntries: 1, maxBytes: 3_000_000 },
    )
    const wanted = Buffer.alloc(3_000_000)
    for (const [start, end] of [
      [0, 2],
      [2000000, 2001500],
      [2999999, 3000000],
    ])
      wanted.fill('a', start, end)
    assert.ok(readFileSync(path.join(root, 'd/f')).equals(wanted))
    assert.equal(sizeBytes, 3_000_000)
    assert.ok(lstatSync(path.join(root, 'd/f')).blocks * 512 < 100_000, 'the holes are holes')
  })

  test('what is odd, and taken by all others', async () => {
    const owner = (id: number): Buffer => {
      const bytes = Buffer.alloc(8, 0xff)
      bytes.writeInt32BE(id, 4)
      return bytes
    }
    const [root] = await unpackBytes(
      Buffer.concat([
        rawEntry('0', 'd/../f', Buffer.from('f')),
        rawEntry('0', '/../g/', Buffer.from('g')),
        rawEntry('0', 'h', Buffer.from('h'), { 108: owner(-1), 116: owner(-2) }),
        rawEntry('1', 'i', Buffer.alloc(0), { 157: './x/../f' }),
        Buffer.alloc(1024),
      ]),
    )
    assert.deepEqual(readdirSync(root).sort(), ['f', 'g', 'h', 'i'])
    assert.equal(readFileSync(path.join(root, 'g'), 'utf8'), 'g')
    const { uid, gid } = lstatSync(path.join(root, 'h'))
    assert.deepEqual([uid, gid], [0, 4294967294])
  })

  test('names need not be UTF-8', async () => {
    const [root] = await unpackBytes(
      Buffer.concat([rawEntry('0', 'd\xe9/f\xff', Buffer.from('x')), Buffer.alloc(1024)]),
    )
    assert.deepEqual(readdirSync(root, { encoding: 'buffer' }), [Buffer.from('d\xe9', 'latin1')])
  })

  test('a later entry takes an earlier one’s place', async () => {
    const root = await unpack([
      { name: 'x', content: 'old' },
      { name: 'x', content: 'new' },
      { name: 'y/inner', content: 'i' },
      { name: 'y', type: 'symlink', linkname: 'x' },
      { name: 'z', type: 'symlink', linkname: 'x' },
      { name: 'z/', type: 'directory' },
      { name: 'z/in', content: 'in' },
      { name: 'h', content: 'h' },
      { name: 'h', type: 'link', linkname: 'h' },
    ])
    assert.equal(readFileSync(path.join(root, 'x'), 'utf8'), 'new')
    assert.equal(readlinkSync(path.join(root, 'y')), 'x')
    assert.equal(readFileSync(path.join(root, 'z/in'), 'utf8'), 'in')
    assert.equal(readFileSync(path.join(root, 'h'), 'utf8'), 'h')
  })
})

describe('what hostile archives try', () => {
  const victim = path.join(scratch, 'victim')
  const refused: [string, readonly TestEntry[], RegExp][] = [
    ['".." in a path', [{ name: '../victim/f', content: 'x' }], /leads out of the archive/],
    ['".." in the middle', [{ name: 'a/../../victim/f', content: 'x' }], /leads out of the archive/],
    ['a hard link out by ".."', [{ name: 'l', type: 'link', linkname: '../victim/secret' }], /leads out/],
    [
      'a hard link to nothing',
      [{ name: 'l', type: 'link', linkname: 'nope' }],
      /neither this layer nor one below it holds/,
    ],
    [
      'a hard link to a directory',
      [
        { name: 'd/', type: 'directory' },
        { name: 'l', type: 'link', linkname: 'd' },
      ],
      /is a directory/,
    ],
    [
      'a path through a file',
      [
        { name: 'f', content: 'x' },
        { name: 'f/g', content: 'y' },
      ],
      /passes through a file/,
    ],
    [
      'a loop of links',
      [
        { name: 'a', type: 'symlink', linkname: 'b' },
        { name: 'b', type: 'symlink', linkname: 'a' },
        { name: 'a/f', content: 'x' },
      ],
      /loop of symbolic links/,
    ],
    [
      'a link to a name too long',
      [
        { name: 'l', type: 'symlink', linkname: 'n'.repeat(300) },
        { name: 'l/f', content: 'x' },
      ],
      /leads to a name longer than 255/,
    ],
    [
      'a hard link in place of its own target',
      [
        { name: 'd/f', content: 'x' },
        { name: 'd', type: 'link', linkname: 'd/f' },
      ],
      /takes the place of its own target/,
    ],
    ["overlayfs's own whiteout", [{ name: 'w', type: 'character-device', devmajor: 0, devminor: 0 }], /0:0/],
    ['a whiteout of nothing', [{ name: 'd/.wh.', content: '' }], /names nothing/],
    ['a whiteout of the parent', [{ name: 'd/.wh...', content: '' }], /names nothing/],
    ['a name too long', [{ name: 'n'.repeat(300), content: '' }], /longer than 255/],
    ['a path too long', [{ name: `${'d/'.repeat(3000)}f`, content: '' }], /longer than 4096/],
    ['an owner beyond all', [{ name: 'f', content: '', pax: { uid: '4294967295' } }], /belongs to/],
  ]
  for (const [what, entries, message] of refused) {
    test(`${what} is refused`, async () => {
      await assert.rejects(unpack(entries), { name: 'ImageError', code: 'invalid', message })
    })
  }

  const confined: [string, readonly TestEntry[], string][] = [
    ['an absolute path', [{ name: victim, content: 'evil' }], victim.slice(1)],
    [
      'a symbolic link out, and a file through it',
      [
        { name: 'out', type: 'symlink', linkname: scratch },
        { name: scratch.slice(1), type: 'directory' },
        { name: 'out/victim', content: 'evil' },
      ],
      victim.slice(1),
    ],
    [
      'links through links, with ".." in their targets',
      [
        { name: 'd1/', type: 'directory' },
        { name: 'd1/up', type: 'symlink', linkname: '../../../../../../..' },
        { name: 'far', type: 'symlink', linkname: `d1/up${scratch}` },
        { name: scratch.slice(1), type: 'directory' },
        { name: 'far/victim', content: 'evil' },
      ],
      victim.slice(1),
    ],
    [
      'a link replaced through itself',
      [
        { name: 'v', type: 'symlink', linkname: victim },
        { name: 'v', content: 'evil' },
      ],
      'v',
    ],
    [
      'a hard link to a link that points out, then written',
      [
        { name: 's', type: 'symlink', linkname: victim },
        { name: 'h', type: 'link', linkname: 's' },
        { name: 'h', content: 'evil' },
      ],
      'h',
    ],
  ]
  for (const [what, entries, inside] of confined) {
    test(`${what} stays inside`, async () => {
      writeFileSync(victim, 'safe')
      const root = await unpack(entries)
      assert.equal(readFileSync(victim, 'utf8'), 'safe')
      assert.equal(readFileSync(path.join(root, inside), 'utf8'), 'evil')
    })
  }

  test('a directory removed through a link to it goes inside only', async () => {
    writeFileSync(victim, 'safe')
    const root = await unpack([
      { name: 'd', type: 'symlink', linkname: scratch },
      { name: '.wh.d', content: '' },
      { name: 'd', content: 'file' },
    ])
    assert.ok(existsSync(victim))
    assert.equal(readFileSync(path.join(root, 'd'), 'utf8'), 'file')
  })

  test('too many entries and too much content end it', async () => {
    const many = await makeTar(
      Array.from({ length: 20 }, (_, index) => ({ name: `f${index}`, content: 'x'.repeat(100) })),
    )
    await assert.rejects(unpackBytes(many, { maxEntries: 10, maxBytes: 1 << 20 }), { code: 'too-big' })
    await assert.rejects(unpackBytes(many, { maxEntries: 100, maxBytes: 1000 }), { code: 'too-big' })
  })

  test('nesting deeper than any path through links is refused, and what was made can be removed', async () => {
    const deep = Array.from({ length: 100 }, () => 'd'.repeat(30)).join('/')
    await assert.rejects(
      unpack([
        { name: `${deep}/f`, content: '' },
        { name: 'l', type: 'symlink', linkname: deep },
        { name: `l/${deep}/f`, content: '' },
        { name: 'm', type: 'symlink', linkname: `l/${deep}` },
        { name: `m/${deep}/f`, content: '' },
      ]),
      /nested too deep/,
    )
  })
})

describe('damage', () => {
  test('is told', async () => {
    const good = await makeTar([{ name: 'f', content: 'x'.repeat(2000) }])
    await assert.rejects(unpackBytes(good.subarray(0, 1500)), /cut short/)
    const bad = Buffer.from(good)
    bad[3] = 0x7a
    await assert.rejects(unpackBytes(bad), /wrong checksum/)
    const huge = rawEntry('x', 'pax', Buffer.alloc(0), { 124: '77777777777\0' })
    await assert.rejects(unpackBytes(huge), /more than any real one/)
    await assert.rejects(unpackBytes(paxFile({ mtime: Buffer.from('soon') }, 'f')), /no number/)
    await assert.rejects(unpackBytes(rawEntry('M', 'f', Buffer.alloc(0))), /unknown entry type/)
  })
})
