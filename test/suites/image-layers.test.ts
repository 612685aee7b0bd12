// Layers unpacked one upon the other, seen through the kernel's overlayfs.
import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { StreamSource } from '../../node-agent/runtime/images/byte-source.ts'
import { LowerLayers } from '../../node-agent/runtime/images/lower-layers.ts'
import { TarReader } from '../../node-agent/runtime/images/tar.ts'
import { paxHeader, rawEntry } from '../../node-agent/runtime/images/testing.ts'
import { untar } from '../../node-agent/runtime/images/untar.ts'
import { closeFd } from '../../node-agent/sys/fd.ts'
import { createFileSystem } from '../../node-agent/sys/mount.ts'
import { openRoot } from '../../node-agent/sys/rooted.ts'
import { type ModelEntry, ModelRefusal, ModelTree } from './image-layers-model.ts'

const scratch = mkdtempSync(path.join(tmpdir(), 'l-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`

function tarOf(layer: readonly ModelEntry[]): Buffer {
  const blocks = layer.map(entry => {
    switch (entry.kind) {
      case 'opaque':
        return rawEntry('0', `${entry.directory}/.wh..wh..opq`, Buffer.alloc(0))
      case 'whiteout':
        return rawEntry('0', `${entry.directory}/.wh.${entry.name}`, Buffer.alloc(0))
      case 'symlink':
        return rawEntry('2', entry.path, Buffer.alloc(0), { 157: entry.target })
      default: {
        const type = { directory: '5', file: '0', hardlink: '1' }[entry.kind]
        const link = entry.kind === 'hardlink' ? entry.target : ''
        const fields = { 100: octal(entry.mode, 8), 108: octal(entry.uid, 8), 136: octal(entry.mtime, 12), 157: link }
        return rawEntry(type, entry.path, Buffer.from(entry.kind === 'file' ? entry.content : ''), fields)
      }
    }
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

/** A stack of layers on disk, topmost first. */
class Stack implements Disposable {
  readonly folder = mkdtempSync(path.join(scratch, 's-'))
  readonly layers: string[] = []
  #count = 0

  async add(archive: Buffer): Promise<string> {
    const layer = path.join(this.folder, String(this.#count++))
    mkdirSync(layer, { mode: 0o755 })
    const fd = openRoot(layer)
    using lower = new LowerLayers(this.layers)
    try {
      const content = (async function* () {
        yield archive
      })()
      const reader = new TarReader(new StreamSource(content))
      const { opaque } = await untar(reader, fd, lower, { maxEntries: 1000, maxBytes: 1 << 20 })
      if (opaque) this.layers.length = 0
      this.layers.unshift(layer)
      return layer
    } finally {
      closeFd(fd)
    }
  }

  /** What overlayfs shows. */
  see<T>(look: (root: string) => T): T {
    // It wants two layers where none may be written to; an empty one below changes nothing.
    const empty = path.join(this.folder, 'e')
    mkdirSync(empty, { recursive: true })
    const fd = createFileSystem('overlay', 'overlay', { lowerdir: [...this.layers, empty].join(':') }, {})
    try {
      return look(`/proc/self/fd/${fd}`)
    } finally {
      closeFd(fd)
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

async function stackOf(...layers: (readonly ModelEntry[])[]): Promise<Stack> {
  const stack = new Stack()
  for (const layer of layers) await stack.add(tarOf(layer))
  return stack
}

/** As the model lists it, times of all directories included. */
function listing(root: string): Map<string, string> {
  const lines = new Map<string, string>()
  const visit = (name: string): void => {
    const place = `${root}${name}`
    const status = lstatSync(name === '/' ? `${place}.` : place)
    const rest = `${(status.mode & 0o7777).toString(8)} ${status.uid} ${status.mtimeMs / 1000}`
    if (status.isSymbolicLink()) lines.set(name, `-> ${readlinkSync(place)}`)
    else if (status.isFile()) lines.set(name, `${readFileSync(place, 'utf8')} ${rest}`)
    else {
      assert.ok(status.isDirectory(), `${name} is a stray node`)
      lines.set(name, `directory ${rest}`)
      for (const child of readdirSync(place)) visit(`${name === '/' ? '' : name}/${child}`)
    }
  }
  visit('/')
  return lines
}

/** Times nobody set are as good as any. */
function compare(seen: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>): void {
  const plain = [...seen].map(([name, line]): [string, string] => [
    name,
    wanted.get(name)?.endsWith(' *') === true ? line.replace(/ [^ ]+$/, ' *') : line,
  ])
  assert.deepEqual(Object.fromEntries(plain.sort()), Object.fromEntries([...wanted].sort()))
}

const file = (name: string, content = name, more = {}): ModelEntry => ({
  kind: 'file',
  path: name,
  content,
  mode: 0o644,
  uid: 0,
  mtime: 1000,
  ...more,
})
const folder = (name: string, more = {}): ModelEntry => ({
  kind: 'directory',
  path: name,
  mode: 0o755,
  uid: 0,
  mtime: 2000,
  ...more,
})
const link = (name: string, target: string): ModelEntry => ({ kind: 'symlink', path: name, target })
const hardlink = (name: string, target: string, more = {}): ModelEntry => ({
  kind: 'hardlink',
  path: name,
  target,
  mode: 0o644,
  uid: 0,
  mtime: 1000,
  ...more,
})
const gone = (directory: string, name: string): ModelEntry => ({ kind: 'whiteout', directory, name })
const opaque = (directory: string): ModelEntry => ({ kind: 'opaque', directory })

describe('a layer over others', () => {
  const own = { mode: 0o2750, uid: 7, mtime: 77 }
  const cases: [string, (readonly ModelEntry[])[], Record<string, string | undefined>][] = [
    [
      'a directory only passed through stays as it is below',
      [[folder('.', { mode: 0o711 }), folder('d', own), file('d/old')], [file('d/new')]],
      { '/': 'directory 711 0 2000', '/d': 'directory 2750 7 77', '/d/old': 'd/old 644 0 1000' },
    ],
    [
      'so does one that something is removed from',
      [[folder('d', own), file('d/old')], [gone('d', 'old')]],
      { '/d': 'directory 2750 7 77', '/d/old': undefined },
    ],
    [
      'an opaque root hides all',
      [[file('a'), folder('d'), file('d/b')], [opaque('.'), file('d/new')], [file('top')]],
      { '/a': undefined, '/d/b': undefined, '/d/new': 'd/new 644 0 1000', '/top': 'top 644 0 1000' },
    ],
    [
      'an entry goes through a link below',
      [[folder('usr/bin', own), file('usr/bin/sh'), link('bin', 'usr/bin')], [file('bin/tool')]],
      { '/bin': '-> usr/bin', '/usr/bin': 'directory 2750 7 77', '/usr/bin/tool': 'bin/tool 644 0 1000' },
    ],
    [
      'and through absolute links, chains of them, and those that lead above the root',
      [
        [folder('a/b'), link('l1', '/l2'), link('l2', '../../l3'), link('l3', './a//b/../b')],
        [file('l1/f'), gone('l1', 'nothing')],
      ],
      { '/a/b/f': 'l1/f 644 0 1000', '/l1': '-> /l2' },
    ],
    ['what a link lacks is made', [[link('l', 'not/there')], [file('l/f')]], { '/not/there/f': 'l/f 644 0 1000' }],
    [
      'a directory takes the place of a link',
      [
        [folder('usr/bin'), link('bin', 'usr/bin'), file('usr/bin/sh')],
        [folder('bin'), file('bin/tool')],
      ],
      { '/bin': 'directory 755 0 2000', '/bin/tool': 'bin/tool 644 0 1000', '/bin/sh': undefined },
    ],
    [
      'a hard link to a file below, with what its entry says',
      [[folder('d', own), file('d/f', 'text', { mode: 0o600 })], [hardlink('g', 'd/f', { mode: 0o4711, uid: 9 })]],
      { '/g': 'text 4711 9 1000', '/d/f': 'text 4711 9 1000', '/d': 'directory 2750 7 77' },
    ],
    ['a hard link to a link below', [[link('l', 'x')], [hardlink('m', 'l')]], { '/m': '-> x' }],
    [
      'a hard link through a link',
      [[folder('d'), link('l', 'd'), file('d/f')], [hardlink('g', 'l/f')]],
      { '/g': 'd/f 644 0 1000' },
    ],
    [
      'a directory and something in it removed, in either order',
      [
        [folder('d'), file('d/a'), folder('e'), file('e/a')],
        [gone('.', 'd'), gone('d', 'a'), gone('e', 'a'), gone('.', 'e')],
      ],
      { '/d': undefined, '/e': undefined },
    ],
    [
      'a removal below a link',
      [[folder('d'), file('d/a'), file('d/b'), link('l', 'd')], [gone('l', 'a')]],
      { '/l': '-> d', '/d/a': undefined, '/d/b': 'd/b 644 0 1000' },
    ],
    [
      'a directory removed and made anew is the new one only',
      [
        [folder('d', own), file('d/old'), folder('e'), file('e/old')],
        [gone('.', 'd'), file('d/new'), folder('e'), file('e/new'), gone('.', 'e')],
      ],
      { '/d': 'directory 755 0 *', '/d/old': undefined, '/e/old': undefined, '/e/new': 'e/new 644 0 1000' },
    ],
    [
      'removals inside a directory that becomes opaque leave nothing',
      [
        [folder('d/e'), file('d/e/a'), file('d/b')],
        [gone('d/e', 'a'), gone('d', 'b'), file('d/new'), opaque('d')],
      ],
      { '/d/e': undefined, '/d/b': undefined, '/d/new': 'd/new 644 0 1000' },
    ],
    [
      'a file becomes a directory, and a directory a file, also within one layer',
      [
        [folder('d'), file('d/old'), file('f')],
        [file('d'), folder('f'), file('f/new')],
        [folder('d'), file('f')],
      ],
      { '/d': 'directory 755 0 2000', '/d/old': undefined, '/f': 'f 644 0 1000' },
    ],
    [
      'a directory that replaces its layer’s own file shows nothing of before',
      [
        [folder('d'), file('d/old')],
        [file('d'), folder('d')],
      ],
      { '/d': 'directory 755 0 2000', '/d/old': undefined },
    ],
    [
      'removing what is not there',
      [[file('a')], [gone('x/y', 'z'), gone('.', 'q')]],
      { '/x': undefined, '/q': undefined },
    ],
    [
      'what an upper layer removes stays gone for those above it',
      [[folder('d'), file('d/a')], [gone('.', 'd')], [gone('d', 'a'), file('e')], [file('d/b')]],
      { '/d/a': undefined, '/d/b': 'd/b 644 0 1000', '/d': 'directory 755 0 *' },
    ],
  ]
  for (const [what, layers, expected] of cases) {
    test(what, async () => {
      const model = new ModelTree()
      for (const layer of layers) model.apply(layer)
      using stack = await stackOf(...layers)
      const seen = stack.see(listing)
      for (const [name, line] of Object.entries(expected)) {
        assert.equal(line?.endsWith('*') ? seen.get(name)?.replace(/ [^ ]+$/, ' *') : seen.get(name), line, name)
      }
      compare(seen, model.listing())
    })
  }

  test('attributes of directories are kept, and a file linked from below shares its content', async () => {
    const value = Buffer.from('0100000280000000000000000000000000000000', 'hex')
    using stack = new Stack()
    const layers = [
      [
        paxHeader({ 'SCHILY.xattr.user.mine': 'kept' }),
        rawEntry('5', 'd', Buffer.alloc(0)),
        paxHeader({ 'SCHILY.xattr.security.capability': value }),
        rawEntry('0', 'd/ping', Buffer.from('p')),
      ],
      [rawEntry('1', 'd/pong', Buffer.alloc(0), { 157: 'd/ping' })],
    ]
    for (const layer of layers) await stack.add(Buffer.concat([...layer, Buffer.alloc(1024)]))
    stack.see(root => {
      const [ping, pong] = ['ping', 'pong'].map(name => lstatSync(`${root}/d/${name}`))
      assert.equal(ping?.ino, pong?.ino)
    })
    const { getXattr } = await import('../../node-agent/sys/xattr.ts')
    const [top = ''] = stack.layers
    assert.equal(getXattr(`${top}/d`, 'user.mine')?.toString(), 'kept')
    assert.deepEqual(getXattr(`${top}/d/pong`, 'security.capability'), value)
  })
})

describe('any stack of layers', () => {
  const name = fc.constantFrom('a', 'b', 'c')
  const place = fc.array(name, { minLength: 1, maxLength: 3 }).map(parts => parts.join('/'))
  const directory = fc.array(name, { maxLength: 2 }).map(parts => ['.', ...parts].join('/'))
  const target = fc.oneof(
    place,
    place.map(to => `/${to}`),
    place.map(to => `../${to}`),
    fc.constant('.'),
    fc.constant('..'),
  )
  const described = {
    mode: fc.constantFrom(0o700, 0o755, 0o4711, 0o644),
    uid: fc.constantFrom(0, 5),
    mtime: fc.integer({ min: 1, max: 9 }),
  }
  const entry: fc.Arbitrary<ModelEntry> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('file'),
        path: place,
        content: fc.constantFrom('x', 'yy'),
        ...described,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('directory'), path: fc.oneof(place, directory), ...described }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('symlink'), path: place, target }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('hardlink'), path: place, target: place, ...described }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('whiteout'), directory, name }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('opaque'), directory }) },
  )
  const layers = fc.array(fc.array(entry, { maxLength: 7 }), { minLength: 1, maxLength: 4 })

  test('looks as if each were unpacked over the one before', async () => {
    await fc.assert(
      fc.asyncProperty(layers, async stacked => {
        using stack = new Stack()
        const model = new ModelTree()
        for (const layer of stacked) {
          let refusal: unknown
          try {
            model.apply(layer)
          } catch (error) {
            if (!(error instanceof ModelRefusal)) throw error
            refusal = error
          }
          if (refusal) {
            await assert.rejects(stack.add(tarOf(layer)), { name: 'ImageError', code: 'invalid' })
            return
          }
          await stack.add(tarOf(layer))
          compare(stack.see(listing), model.listing())
        }
      }),
      { numRuns: 300 },
    )
  })
})
