// Images of every kind, imported over the runtime's socket and run: real containers, real kernel.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import {
  dockerArchive,
  makeTar,
  ociArchive,
  type TestEntry,
  zstdFrame,
  zstdSkippable,
} from '../../node-agent/runtime/images/testing.ts'
import { nothing, RuntimeFixture } from './runtime-harness.ts'

describe('images', { timeout: 120_000 }, () => {
  let fixture: RuntimeFixture
  let pod: string
  before(async () => {
    assert.equal(process.getuid?.(), 0, 'containers need root')
    fixture = await new RuntimeFixture().open()
    pod = await fixture.runPod()
  })
  after(async () => {
    assert.deepEqual(await fixture.close(), nothing)
  })

  const busybox: TestEntry[] = [
    { name: 'usr/bin/', type: 'directory', mode: 0o750 },
    { name: 'usr/bin/busybox', content: readFileSync('/bin/busybox'), mode: 0o755 },
    ...['sh', 'cat', 'ls', 'stat'].map(name => ({
      name: `usr/bin/${name}`,
      type: 'symlink' as const,
      linkname: 'busybox',
    })),
    { name: 'bin', type: 'symlink', linkname: 'usr/bin' },
  ]

  /** What a script says in a container of the image. */
  async function say(archive: Buffer, name: string, script: string): Promise<string> {
    const [image] = await fixture.client.importImage(
      (async function* () {
        yield archive
      })(),
      { reference: `${name}:1` },
    )
    assert.ok(image?.id)
    const container = await fixture.runContainer(pod, name, script, { image: { image: image.id } })
    await fixture.ended(container)
    return (await fixture.log(container)).map(({ text }) => text).join('\n')
  }

  it('runs one that names a layer several times', async () => {
    const [base, empty] = [await makeTar(busybox), await makeTar([])]
    const one = await makeTar([{ name: 'f', content: 'one' }])
    const other = await makeTar([
      { name: '.wh.f', content: '' },
      { name: 'g', content: 'g' },
    ])
    const layers = [base, empty, one, empty, other, one, empty]
    assert.equal(await say(await dockerArchive([{ layers }]), 'twice', 'cat /f /g; echo'), 'oneg')
  })

  it('runs one of more than a hundred layers', async () => {
    const layers = [await makeTar(busybox)]
    for (let index = 0; index < 129; index++) {
      layers.push(await makeTar([{ name: 'count', content: String(index) }]))
    }
    assert.equal(await say(await dockerArchive([{ layers }]), 'many', 'cat /count; echo'), '128')
  })

  it('runs one whose upper layer goes through links of the lower, with zstd layers', async () => {
    const layers = [
      await makeTar(busybox),
      await makeTar([
        { name: 'bin/tool', content: '#!/bin/sh\necho tool\n', mode: 0o755 },
        { name: 'bin/.wh.ls', content: '' },
      ]),
    ]
    const archive = await ociArchive({ layers }, undefined, layer =>
      Buffer.concat([zstdSkippable(Buffer.from('index')), zstdFrame(layer)]),
    )
    const script = 'tool; stat -c "%a" /usr/bin; cat /bin/ls 2>&1; echo /usr/bin/*'
    assert.equal(
      await say(archive, 'links', script),
      [
        'tool',
        '750',
        "cat: can't open '/bin/ls': No such file or directory",
        '/usr/bin/busybox /usr/bin/cat /usr/bin/sh /usr/bin/stat /usr/bin/tool',
      ].join('\n'),
    )
  })

  it('runs one that hides all below it', async () => {
    const layers = [
      await makeTar([{ name: 'old', content: 'x' }]),
      await makeTar([{ name: '.wh..wh..opq', content: '' }, ...busybox]),
    ]
    assert.doesNotMatch(await say(await dockerArchive([{ layers }]), 'opaque', 'echo /*'), /old/)
  })
})
