import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { after, describe, test } from 'node:test'
import { chainIds } from './chain.ts'
import { importArchive } from './import-archive.ts'
import { Importer } from './importer.ts'
import { ImageStore } from './store.ts'
import { dockerArchive, makeTar, sha256 } from './testing.ts'

const scratch = mkdtempSync(path.join(tmpdir(), 'tessera-store-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const base = await makeTar([{ name: 'base', content: 'b' }])
const empty = await makeTar([])
const archive = await dockerArchive([{ layers: [base, empty, empty], tags: ['old:1'] }])

async function add(store: ImageStore): Promise<void> {
  const importer = new Importer(store, (job, onStep) => importArchive(store.layout, job, onStep))
  const request = { onProgress: () => undefined, signal: new AbortController().signal }
  await importer.import(Readable.from([archive]), request)
}

test("chain IDs are the image specification's", () => {
  const [a, b] = [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`] as const
  const second = `sha256:${sha256(Buffer.from(`${a} ${b}`))}`
  assert.deepEqual(chainIds([a, b, b]), [a, second, `sha256:${sha256(Buffer.from(`${second} ${b}`))}`])
  assert.deepEqual(chainIds([]), [])
})

/** A store as it was when layers went by their diff IDs, with the image of `archive` in it. */
async function firstStore(): Promise<string> {
  const made = ImageStore.open(mkdtempSync(path.join(scratch, 's-')))
  await add(made)
  const [image] = made.list()
  const { root } = made.layout
  const diffIds = [base, empty, empty].map(layer => `sha256:${sha256(layer)}`)
  for (const [index, folder] of (image?.layers ?? []).entries()) {
    const former = path.join(root, 'layers', diffIds[index]?.slice(7) ?? '')
    mkdirSync(path.join(former, 'fs'), { recursive: true })
    const record = path.join(root, folder, 'layer.json')
    writeFileSync(path.join(former, 'layer.json'), readFileSync(record))
    if (index === 0) writeFileSync(path.join(former, 'fs/base'), 'b')
  }
  rmSync(made.layout.chains, { recursive: true })
  writeFileSync(made.layout.index, JSON.stringify({ version: 1, images: [{ ...image, layers: diffIds }] }))
  return root
}

describe('a store of the first version', () => {
  test('keeps its images as they are, each layer once', async () => {
    const root = await firstStore()
    const store = ImageStore.open(root)
    const image = store.require('old:1')
    const folders = [empty, base].map(layer => path.join(root, 'layers', sha256(layer), 'fs'))
    assert.deepEqual(store.lowerDirectories(image), folders)
    assert.equal(store.usage().bytes, 1)
    assert.ok(existsSync(path.join(folders[1] ?? '', 'base')))
    // Only a change of what is here writes the index anew.
    assert.match(readFileSync(store.layout.index, 'utf8'), /"version":1/)
  })

  test('gives an image layers of today when it comes again, and keeps those that containers have', async () => {
    const root = await firstStore()
    const inUse: string[] = []
    const store = ImageStore.open(root, { inUse: () => inUse })
    inUse.push(...store.lowerDirectories(store.require('old:1')))
    await add(store)
    const image = store.require('old:1')
    assert.equal(store.list().length, 1)
    assert.deepEqual(store.lowerDirectories(image).length, 3)
    assert.ok(image.layers.every(folder => folder.startsWith('chains/')))
    for (const folder of inUse) assert.ok(existsSync(folder), folder)
    assert.match(readFileSync(store.layout.index, 'utf8'), /"version": 2/)
    inUse.length = 0
    const again = ImageStore.open(root)
    assert.deepEqual(readdirSync(path.join(root, 'layers')), [])
    assert.equal(again.lowerDirectories(again.require('old:1')).filter(existsSync).length, 3)
  })
})

test('the store of a newer program is left alone', async () => {
  const root = await firstStore()
  const index = JSON.stringify({ version: 3, images: [] })
  writeFileSync(path.join(root, 'index.json'), index)
  const before = readdirSync(path.join(root, 'layers'))
  assert.throws(() => ImageStore.open(root), /index.json has version 3: a newer program wrote it/)
  assert.deepEqual(readdirSync(path.join(root, 'layers')), before)
  assert.equal(readFileSync(path.join(root, 'index.json'), 'utf8'), index)
})

test('an image is found by its ID, whole or in part; an ID that none has is no fault of the name', async () => {
  const store = ImageStore.open(mkdtempSync(path.join(scratch, 's-')))
  await add(store)
  const { id } = store.require('old:1')
  for (const name of [id, id.slice(7), id.slice(7, 20), 'old:1']) assert.equal(store.resolve(name)?.id, id, name)
  const nobody = 'f'.repeat(64)
  for (const name of [nobody, `sha256:${nobody}`, nobody.slice(0, 20)]) assert.equal(store.resolve(name), undefined)
  assert.throws(() => store.resolve('F'.repeat(64)), { code: 'invalid' })
})

test('layers that a container has stay when their image goes', async () => {
  const inUse: string[] = []
  const store = ImageStore.open(mkdtempSync(path.join(scratch, 's-')), { inUse: () => inUse })
  await add(store)
  const image = store.require('old:1')
  inUse.push(...store.lowerDirectories(image))
  store.remove(image)
  assert.deepEqual(inUse.filter(existsSync), inUse)
  ImageStore.open(store.layout.root)
  assert.deepEqual(readdirSync(store.layout.chains), [])
})
