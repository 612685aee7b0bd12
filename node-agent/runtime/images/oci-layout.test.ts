import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { Archive } from './archive.ts'
import { archivedImages } from './manifests.ts'
import { thisMachine } from './platform.ts'
import { makeTar } from './testing.ts'

const scratch = mkdtempSync(path.join(tmpdir(), 'tessera-layout-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const here = thisMachine().architecture
const elsewhere = here === 'arm64' ? 'amd64' : 'arm64'
const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'
const configType = 'application/vnd.oci.image.config.v1+json'

interface Described {
  readonly platform?: object
  readonly name?: string
  readonly mediaType?: string
  readonly annotations?: Readonly<Record<string, string>>
}

class Layout {
  readonly blobs = new Map<string, Buffer>()
  readonly #algorithm: 'sha256' | 'sha512'

  constructor(algorithm: 'sha256' | 'sha512' = 'sha256') {
    this.#algorithm = algorithm
  }

  put(content: unknown, { platform, name, mediaType = manifestType, annotations }: Described = {}) {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content))
    const hex = createHash(this.#algorithm).update(bytes).digest('hex')
    this.blobs.set(`blobs/${this.#algorithm}/${hex}`, bytes)
    const named = name === undefined ? {} : { 'io.containerd.image.name': name }
    return {
      mediaType,
      digest: `${this.#algorithm}:${hex}`,
      size: bytes.length,
      platform,
      annotations: { ...annotations, ...named },
    }
  }

  /** An image of one layer that holds `label`. */
  async image(label: string, platform: object, described: Described = {}) {
    const layer = await makeTar([{ name: 'label', content: label }])
    const diffId = `${this.#algorithm}:${createHash(this.#algorithm).update(layer).digest('hex')}`
    const config = {
      os: 'linux',
      ...platform,
      config: { Labels: { label } },
      rootfs: { type: 'layers', diff_ids: [diffId] },
    }
    return this.put(
      {
        schemaVersion: 2,
        config: this.put(config, { mediaType: configType }),
        layers: [this.put(layer, { mediaType: 'application/vnd.oci.image.layer.v1.tar' })],
      },
      described,
    )
  }

  index(manifests: readonly object[], described: Described = {}) {
    return this.put({ schemaVersion: 2, mediaType: indexType, manifests }, { mediaType: indexType, ...described })
  }

  /** The labels of the images found, each with its names. */
  async labels(
    manifests: readonly object[],
    more: Readonly<Record<string, Buffer>> = {},
  ): Promise<Record<string, readonly string[]>> {
    const file = path.join(mkdtempSync(path.join(scratch, 'a-')), 'archive.tar')
    const parts = {
      'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
      'index.json': JSON.stringify({ manifests }),
      ...more,
    }
    const bytes = await makeTar([...Object.entries(parts), ...this.blobs].map(([name, content]) => ({ name, content })))
    writeFileSync(file, bytes)
    const fd = openSync(file, 'r')
    try {
      const images = archivedImages(await Archive.open({ fd, start: 0, end: bytes.length })) ?? []
      return Object.fromEntries(images.map(({ config, references }) => [config.labels['label'] ?? '', references]))
    } finally {
      closeSync(fd)
    }
  }
}

const machine = { os: 'linux', architecture: here }
const windows = { os: 'windows', architecture: here, 'os.version': '10.0.20348' }
const other = { os: 'linux', architecture: elsewhere }

describe('what an index lists besides', () => {
  test('images for other systems are passed over, their blobs there or not', async () => {
    for (const present of [true, false]) {
      const layout = new Layout()
      const mine = await layout.image('mine', machine, { platform: machine })
      const theirs = [
        await layout.image('windows', windows, { platform: windows }),
        await layout.image('other', other, { platform: other }),
      ]
      const index = layout.index([...theirs, mine], { name: 'multi:1' })
      if (!present) for (const { digest } of theirs) layout.blobs.delete(`blobs/sha256/${digest.slice(7)}`)
      assert.deepEqual(await layout.labels([index]), { mine: ['docker.io/library/multi:1'] })
      assert.deepEqual(await layout.labels([...theirs, mine]), { mine: [] }, 'as an index of their own')
    }
  })

  test('so are those whose configuration alone says it', async () => {
    const layout = new Layout()
    const entries = [
      await layout.image('windows', windows),
      await layout.image('other', other),
      await layout.image('mine', machine),
    ]
    assert.deepEqual(await layout.labels(entries), { mine: [] })
  })

  test('artifacts and attestations are no images', async () => {
    const layout = new Layout()
    const empty = layout.put(Buffer.from('{}'), { mediaType: 'application/vnd.oci.empty.v1+json' })
    const artifact = layout.put({
      schemaVersion: 2,
      artifactType: 'application/spdx+json',
      config: empty,
      layers: [empty],
    })
    const signature = layout.put({
      schemaVersion: 2,
      config: { ...empty, mediaType: 'application/vnd.dev.cosign.v1' },
      layers: [],
    })
    const attestation = await layout.image('attestation', { os: 'unknown', architecture: 'unknown' })
    const platform = { os: 'unknown', architecture: 'unknown' }
    const described = { ...attestation, platform, annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } }
    const strange = layout.put({ hello: 1 }, { mediaType: 'application/vnd.example+json' })
    const mine = await layout.image('mine', machine, { name: 'a/b:1' })
    const entries = [artifact, signature, attestation, described, strange, mine]
    assert.deepEqual(await layout.labels(entries), { mine: ['docker.io/a/b:1'] })
    const without = layout.labels([artifact, attestation])
    await assert.rejects(without, { code: 'invalid', message: `the archive holds no image for ${nameHere()}` })
  })

  test('when nothing is left it says what there is', async () => {
    const layout = new Layout()
    const entries = [await layout.image('windows', windows, { platform: windows }), await layout.image('other', other)]
    const message = new RegExp(`no image for ${nameHere()} \\(it has some for windows/${here}, linux/${elsewhere}\\)`)
    await assert.rejects(layout.labels([layout.index(entries)]), { code: 'invalid', message })
  })
})

function nameHere(): string {
  const { level } = thisMachine()
  return `linux/${here}${level > 1 ? `/v${level}` : ''}`
}

describe('choosing', () => {
  test('the architecture may be called as the kernel calls it', async () => {
    const layout = new Layout()
    const architecture = here === 'arm64' ? 'aarch64' : 'x86_64'
    const mine = await layout.image('mine', { architecture }, { platform: { os: 'linux', architecture } })
    assert.deepEqual(await layout.labels([mine]), { mine: [] })
  })

  test('of several variants the best that runs here is the image', { skip: here !== 'amd64' }, async () => {
    const { level } = thisMachine()
    const layout = new Layout()
    const variants = [`v${level}`, undefined, 'v9']
    if (level < 4) variants.push('v4')
    const entries = []
    for (const variant of variants) {
      const platform = { ...machine, ...(variant && { variant }) }
      entries.push(await layout.image(variant ?? 'plain', platform, { platform, name: 'x:1' }))
    }
    const best = level === 1 ? 'v1' : `v${level}`
    for (const order of [entries, [...entries].reverse()]) {
      assert.deepEqual(Object.keys(await layout.labels(order)), [level === 1 && order !== entries ? 'plain' : best])
      assert.deepEqual(Object.keys(await layout.labels([layout.index(order)])).length, 1)
    }
    const tooNew = await layout.image('v9', { ...machine, variant: 'v9' })
    await assert.rejects(layout.labels([tooNew]), /no image for .* \(it has some for linux\/amd64\/v9\)/)
  })

  test('images of different names are different images, and one may have several', async () => {
    const layout = new Layout()
    const one = await layout.image('one', machine, { platform: machine, name: 'one:1' })
    const two = await layout.image('two', machine, { platform: machine, name: 'two:2' })
    const again = { ...one, annotations: { 'org.opencontainers.image.ref.name': 'ghcr.io/x/one:3' } }
    assert.deepEqual(await layout.labels([one, two, again]), {
      one: ['docker.io/library/one:1', 'ghcr.io/x/one:3'],
      two: ['docker.io/library/two:2'],
    })
    const nameless = [await layout.image('three', machine), await layout.image('four', machine)]
    assert.deepEqual(await layout.labels(nameless), { three: [], four: [] })
  })

  test('indexes may nest, but not for ever', async () => {
    const layout = new Layout()
    let entry = layout.index([await layout.image('deep', machine)])
    assert.deepEqual(await layout.labels([layout.index([entry])]), { deep: [] })
    for (let depth = 0; depth < 5; depth++) entry = layout.index([entry])
    await assert.rejects(layout.labels([entry]), /nested too deep/)
  })

  test("Docker's own description adds names, and no image that cannot run", async () => {
    const layout = new Layout()
    const mine = await layout.image('mine', machine)
    const [theirs] = [await layout.image('other', other)]
    const parts = ({ digest }: { digest: string }) => {
      const manifest = JSON.parse(String(layout.blobs.get(`blobs/sha256/${digest.slice(7)}`))) as {
        config: { digest: string }
        layers: { digest: string }[]
      }
      const file = (at: { digest: string }): string => `blobs/${at.digest.replace(':', '/')}`
      return { Config: file(manifest.config), Layers: manifest.layers.map(file), RepoTags: ['docker:1'] }
    }
    const docker = Buffer.from(JSON.stringify([parts(mine), parts(theirs)]))
    assert.deepEqual(await layout.labels([mine], { 'manifest.json': docker }), { mine: ['docker.io/library/docker:1'] })
  })
})

describe('sha512', () => {
  test('digests are as good', async () => {
    const layout = new Layout('sha512')
    assert.deepEqual(await layout.labels([await layout.image('mine', machine)]), { mine: [] })
  })

  test('and must be right', async () => {
    const layout = new Layout('sha512')
    const mine = await layout.image('mine', machine)
    const name = `blobs/sha512/${mine.digest.slice(7)}`
    layout.blobs.set(name, Buffer.concat([layout.blobs.get(name) ?? Buffer.alloc(0), Buffer.from(' ')]))
    await assert.rejects(layout.labels([mine]), /should be sha512:[a-f0-9]+ but is sha512:/)
  })
})
