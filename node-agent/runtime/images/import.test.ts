import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ImageError } from './errors.ts'
import { importArchive } from './import-archive.ts'
import { Importer, type ImportProgress } from './importer.ts'
import { ImageStore } from './store.ts'
import { dockerArchive, makeTar, ociArchive, sha256, type TestImage, zstdFrame, zstdSkippable } from './testing.ts'

const scratch = mkdtempSync(path.join(tmpdir(), 'tessera-images-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

interface Fixture {
  readonly store: ImageStore
  add(archive: Buffer, reference?: string): ReturnType<Importer['import']>
  readonly steps: string[]
}

function fixture(root = mkdtempSync(path.join(scratch, 'images-'))): Fixture {
  const store = ImageStore.open(root)
  const importer = new Importer(store, (job, onStep) => importArchive(store.layout, job, onStep))
  const steps: string[] = []
  return {
    store,
    steps,
    add: (archive, reference) =>
      importer.import(inPieces(archive), {
        ...(reference && { reference }),
        onProgress: ({ step }: ImportProgress) => steps.push(step),
        signal: new AbortController().signal,
      }),
  }
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += 60_000) yield bytes.subarray(offset, offset + 60_000)
}

const base = await makeTar([
  { name: 'bin/', type: 'directory' },
  { name: 'bin/sh', content: 'shell', mode: 0o755 },
  { name: 'etc/old', content: 'old' },
])
const top = await makeTar([
  { name: 'etc/.wh.old', content: '' },
  { name: 'etc/new', content: 'new' },
])
const image: TestImage = {
  layers: [base, top],
  tags: ['demo:1'],
  config: {
    User: 'app:app',
    Env: ['A=1'],
    Entrypoint: ['/bin/sh'],
    Cmd: ['-c', 'x'],
    WorkingDir: '/w',
    StopSignal: 'SIGQUIT',
    Labels: { l: 'v' },
    Volumes: { '/data': {} },
  },
}

describe('importing', () => {
  test('a docker-archive: names, configuration, layers topmost first', async () => {
    const { store, add, steps } = fixture()
    const [imported] = await add(await dockerArchive([image]))
    assert.ok(imported)
    assert.deepEqual(imported.references, ['docker.io/library/demo:1'])
    for (const name of ['demo:1', 'docker.io/library/demo:1', imported.id, imported.id.slice(7, 27)]) {
      assert.equal(store.require(name).id, imported.id, name)
    }
    const { diffIds, ...config } = store.config(imported)
    assert.deepEqual(
      diffIds,
      [base, top].map(layer => `sha256:${sha256(layer)}`),
    )
    assert.deepEqual(config, {
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      user: 'app:app',
      env: ['A=1'],
      entrypoint: ['/bin/sh'],
      command: ['-c', 'x'],
      workingDirectory: '/w',
      stopSignal: 'SIGQUIT',
      labels: { l: 'v' },
      volumes: ['/data'],
    })
    const [upper = '', lower = ''] = store.lowerDirectories(imported)
    assert.equal(readFileSync(path.join(upper, 'etc/new'), 'utf8'), 'new')
    assert.equal(readFileSync(path.join(lower, 'bin/sh'), 'utf8'), 'shell')
    assert.ok(steps.includes('unpacking layer 2 of 2'))
    assert.equal(imported.sizeBytes, 'shell'.length + 'old'.length + 'new'.length)
    assert.deepEqual(readdirSync(store.layout.staging), [])
  })

  test('an oci-archive, gzipped twice over, with its digest', async () => {
    const { store, add } = fixture()
    const [imported] = await add(gzipSync(await ociArchive({ ...image, tags: ['ghcr.io/me/demo:2'] })))
    assert.ok(imported)
    assert.equal(imported.repoDigests.length, 1)
    assert.equal(store.require(imported.repoDigests[0] ?? '').id, imported.id)
    assert.equal(store.require('ghcr.io/me/demo:2').id, imported.id)
  })

  test('the same image from both kinds of archive is one image', async () => {
    const { store, add } = fixture()
    await add(await dockerArchive([image]))
    await add(await ociArchive({ ...image, tags: ['other:3'] }))
    assert.equal(store.list().length, 1)
    assert.deepEqual(store.list()[0]?.references, ['docker.io/library/demo:1', 'docker.io/library/other:3'])
    assert.equal(readdirSync(store.layout.chains).length, 2)
  })

  test('a root file system, plain or gzipped, under the name given', async () => {
    const { store, add } = fixture()
    const [plain] = await add(base, 'rootfs:1')
    const [zipped] = await add(gzipSync(base), 'rootfs:2')
    assert.equal(plain?.id, zipped?.id)
    assert.deepEqual(store.require('rootfs:2').references, ['docker.io/library/rootfs:1', 'docker.io/library/rootfs:2'])
    await assert.rejects(add(base), /no name of its own/)
  })

  test('survives a restart; a name moves to the newest image; removal takes only what nobody else needs', async () => {
    const { store, add } = fixture()
    await add(await dockerArchive([image]))
    await add(await dockerArchive([{ ...image, layers: [base] }]))
    const reopened = ImageStore.open(store.layout.root)
    const named = reopened.require('demo:1')
    assert.deepEqual(named.layers, [`chains/${sha256(base)}`])
    const unnamed = reopened.list().find(other => other.id !== named.id)
    assert.ok(unnamed)
    assert.deepEqual(unnamed.references, [])
    reopened.remove(unnamed)
    assert.deepEqual(readdirSync(store.layout.chains), [sha256(base)])
    reopened.remove(named)
    assert.deepEqual(readdirSync(store.layout.chains), [])
    assert.deepEqual(readdirSync(path.join(store.layout.root, 'blobs/sha256')), [])
    assert.throws(() => reopened.require('demo:1'), /not on this node: import it with `tsctl image import/)
  })

  test('several images at once keep their names and share layers', async () => {
    const { store, add } = fixture()
    const archive = await dockerArchive([image, { layers: [base], tags: ['two:1', 'two:2'] }])
    await add(archive)
    assert.equal(store.require('two:2').layers.length, 1)
    assert.equal(readdirSync(store.layout.chains).length, 2)
    await assert.rejects(add(archive, 'name:1'), /holds 2 images/)
  })
})

describe('layers', () => {
  test('an image may name one several times: each stack has a directory of its own', async () => {
    const { store, add } = fixture()
    const empty = await makeTar([])
    const [twice] = await add(await dockerArchive([{ layers: [base, empty, top, empty], tags: ['twice:1'] }]))
    assert.ok(twice)
    const lower = store.lowerDirectories(twice)
    assert.equal(new Set(lower).size, 4)
    const [, topDirectory = ''] = lower
    assert.equal(readFileSync(path.join(topDirectory, 'etc/new'), 'utf8'), 'new')
  })

  test('equal stacks are shared, and a layer is unpacked anew over another one', async () => {
    const { store, add } = fixture()
    const other = await makeTar([{ name: 'etc/', type: 'directory', mode: 0o700 }])
    const archive = await dockerArchive([
      { layers: [base, top], tags: ['a:1'] },
      { layers: [base, top, other], tags: ['b:1'] },
      { layers: [other, top], tags: ['c:1'] },
    ])
    await add(archive)
    const [a, b, c] = ['a:1', 'b:1', 'c:1'].map(name => store.require(name))
    assert.deepEqual(b?.layers.slice(0, 2), a?.layers)
    assert.equal(readdirSync(store.layout.chains).length, 5)
    assert.equal(statSync(path.join(store.layout.layerRoot(c?.layers[1] ?? 'chains/'), 'etc')).mode & 0o777, 0o700)
    await add(archive)
    assert.equal(readdirSync(store.layout.chains).length, 5)
  })

  test('nothing below an opaque root is stacked', async () => {
    const { store, add } = fixture()
    const opaque = await makeTar([
      { name: '.wh..wh..opq', content: '' },
      { name: 'only', content: 'o' },
    ])
    const [image] = await add(await dockerArchive([{ layers: [base, opaque, top] }]))
    assert.ok(image)
    const lower = store.lowerDirectories(image)
    assert.equal(lower.length, 2)
    assert.deepEqual(lower.flatMap(folder => readdirSync(folder)).sort(), ['etc', 'only'])
    assert.equal(ImageStore.open(store.layout.root).lowerDirectories(image).length, 2)
  })

  test('compressed with zstd, whatever else is between the frames', async () => {
    const wrapped = (layer: Buffer): Buffer =>
      Buffer.concat([
        zstdSkippable(Buffer.from('index')),
        zstdFrame(layer.subarray(0, 700)),
        zstdSkippable(Buffer.alloc(0)),
        zstdFrame(layer.subarray(700)),
        zstdSkippable(Buffer.alloc(3000)),
      ])
    for (const compress of [zstdFrame, wrapped]) {
      const { store, add } = fixture()
      const [image] = await add(await ociArchive({ layers: [base, top], tags: ['zstd:1'] }, undefined, compress))
      const [upper = '', lower = ''] = image ? store.lowerDirectories(image) : []
      assert.equal(readFileSync(path.join(upper, 'etc/new'), 'utf8'), 'new')
      assert.equal(readFileSync(path.join(lower, 'bin/sh'), 'utf8'), 'shell')
    }
    const { store, add } = fixture()
    await add(zstdFrame(await dockerArchive([{ layers: [base], tags: ['outside:1'] }])))
    assert.ok(store.resolve('outside:1'))
    const cut = await ociArchive({ layers: [base] }, undefined, layer => zstdFrame(layer).subarray(0, -1))
    await assert.rejects(add(cut), { code: 'invalid', message: /layer 1 of 1: its zstd compression is damaged/ })
  })
})

describe('refusing', () => {
  const other = { architecture: process.arch === 'arm64' ? 'amd64' : 'arm64' }
  const wrongId = `sha256:${'0'.repeat(64)}`
  const cases: [string, () => Promise<Buffer>, RegExp][] = [
    [
      'a layer that is not its diff ID',
      () => dockerArchive([{ ...image, diffIds: [wrongId, `sha256:${sha256(top)}`] }]),
      /layer 1 of 2.* should be sha256:000/,
    ],
    [
      'a changed blob',
      () => ociArchive(image, (_, content) => Buffer.concat([content, Buffer.from(' ')])),
      /damaged or was changed/,
    ],
    [
      'a missing diff ID',
      () => dockerArchive([{ ...image, diffIds: [`sha256:${sha256(base)}`] }]),
      /lists 2 layers and the configuration 1/,
    ],
    ['an image without layers', () => dockerArchive([{ ...image, layers: [] }]), /no layers/],
    ['another architecture', () => dockerArchive([{ ...image, ...other }]), /this machine is linux/],
    ['text', async () => Buffer.from('hello world\n'.repeat(100)), /no tar archive/],
    ['a zip file', async () => Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(1000, 1)]), /looks like a zip/],
    ['something short', async () => Buffer.from('hi'), /only 2 bytes/],
    ['xz', async () => Buffer.concat([Buffer.from('fd377a585a00', 'hex'), Buffer.alloc(1000)]), /xz.*with gzip/],
    ['bzip2', async () => Buffer.concat([Buffer.from('BZh9'), Buffer.alloc(1000)]), /bzip2.*recompress it with gzip/],
    [
      'a broken zstd',
      async () => Buffer.concat([Buffer.from('28b52ffd', 'hex'), Buffer.alloc(1000)]),
      /zstd compression is damaged/,
    ],
    [
      'a broken gzip',
      async () => gzipSync(await dockerArchive([image])).subarray(0, -100),
      /gzip compression is damaged/,
    ],
    ['an archive cut short', async () => (await dockerArchive([image])).subarray(0, 6000), /cut short/],
    [
      'any other archive',
      () => makeTar([{ name: 'notes.txt', content: 'n' }]),
      /begins with notes.txt.*neither a docker-archive/s,
    ],
    ['a manifest that is no JSON', () => makeTar([{ name: 'manifest.json', content: '{' }]), /not JSON/],
    [
      'a manifest naming nothing',
      () => makeTar([{ name: 'manifest.json', content: '[{"Config":"nope","Layers":[]}]' }]),
      /\(nope\) is missing/,
    ],
    [
      'a hostile layer',
      async () => dockerArchive([{ layers: [await makeTar([{ name: '../x', content: '' }])] }]),
      /layer 1 of 1: .*leads out/,
    ],
    ['an unreadable tag', () => dockerArchive([{ ...image, tags: ['UPPER'] }]), /must be lowercase/],
  ]
  for (const [what, make, message] of cases) {
    test(`${what}, leaving nothing`, async () => {
      const { store, add } = fixture()
      await assert.rejects(add(await make()), { name: 'ImageError', code: 'invalid', message })
      assert.deepEqual(store.list(), [])
      assert.deepEqual(readdirSync(store.layout.staging), [])
    })
  }

  test('a client that goes away', async () => {
    const { store } = fixture()
    const importer = new Importer(store, (job, onStep) => importArchive(store.layout, job, onStep))
    const controller = new AbortController()
    const archive = await dockerArchive([image])
    async function* cut(): AsyncGenerator<Uint8Array> {
      yield archive.subarray(0, 3000)
      controller.abort()
      yield archive.subarray(3000)
    }
    const request = { onProgress: () => undefined, signal: controller.signal }
    await assert.rejects(importer.import(cut(), request), { code: 'aborted' })
    assert.deepEqual(readdirSync(store.layout.staging), [])
  })

  test('an import that is given up while it unpacks', async () => {
    const { store } = fixture()
    let asked = 0
    const importer = new Importer(store, (job, onStep) =>
      importArchive(store.layout, job, onStep, () => {
        if (++asked > 1) throw new ImageError('aborted', 'the import was given up')
      }),
    )
    const request = { onProgress: () => undefined, signal: new AbortController().signal }
    await assert.rejects(importer.import(inPieces(await dockerArchive([image])), request), { code: 'aborted' })
    // What was unpacked before is on its way out.
    assert.ok(readdirSync(store.layout.staging).every(name => name.startsWith('trash-')))
    assert.deepEqual([store.list(), readdirSync(store.layout.chains)], [[], []])
  })

  test('leftovers of a killed import are swept at the next start', async () => {
    const { store, add } = fixture()
    await add(await dockerArchive([image]))
    const stray = await dockerArchive([{ layers: [await makeTar([{ name: 'stray', content: 's' }])] }])
    // Layers in place, index not written: what a kill before the commit leaves.
    const importer = new Importer(store, async (job, onStep) => {
      await importArchive(store.layout, job, onStep)
      throw new Error('killed')
    })
    await assert.rejects(
      importer.import(inPieces(stray), { onProgress: () => undefined, signal: new AbortController().signal }),
      /killed/,
    )
    ImageStore.open(store.layout.root)
    assert.equal(readdirSync(store.layout.chains).length, 2)
  })
})
