import assert from 'node:assert/strict'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { ConfigMap, Secret, Volume } from '../../api/kinds/core-v1.ts'
import { writeAtomically } from './atomic-writer.ts'
import { mountsBelow, unmount } from './mount.ts'
import type { Payload, PayloadFile } from './payload.ts'
import { PodVolumes, type VolumePod } from './pod-volumes.ts'
import { openInVolume } from './sub-path.ts'
import type { VolumeSources } from './volume.ts'

function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(os.tmpdir(), 'volumes-'))
  t.after(async () => {
    await unmount(mountsBelow(made))
    rmSync(made, { recursive: true, force: true })
  })
  return made
}

const file = (text: string, mode = 0o644): PayloadFile => ({ data: Buffer.from(text), mode })
const payload = (files: Record<string, string>): Payload =>
  new Map(Object.entries(files).map(([name, text]) => [name, file(text)]))

/** What a reader finds, by path. */
function contents(directory: string, prefix = ''): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of readdirSync(directory)) {
    if (prefix === '' && name.startsWith('..')) continue
    const at = path.join(directory, name)
    if (statSync(at).isDirectory()) Object.assign(found, contents(at, `${prefix}${name}/`))
    else found[prefix + name] = readFileSync(at, 'utf8')
  }
  return found
}

describe('the atomic writer', () => {
  it('lays files out as Kubernetes does', t => {
    const directory = folder(t)
    assert.equal(writeAtomically(directory, payload({ 'app.conf': 'a', 'sub/x': 'b' })), true)
    assert.equal(readlinkSync(path.join(directory, 'app.conf')), '..data/app.conf')
    assert.equal(readlinkSync(path.join(directory, 'sub')), '..data/sub')
    assert.match(readlinkSync(path.join(directory, '..data')), /^\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\w+$/)
    assert.deepEqual(contents(directory), { 'app.conf': 'a', 'sub/x': 'b' })
  })

  it('writes nothing when nothing changed', t => {
    const directory = folder(t)
    writeAtomically(directory, payload({ a: '1' }))
    const before = readlinkSync(path.join(directory, '..data'))
    assert.equal(writeAtomically(directory, payload({ a: '1' })), false)
    assert.equal(readlinkSync(path.join(directory, '..data')), before)
  })

  it('gives files their modes, and their group what it must read', t => {
    const directory = folder(t)
    writeAtomically(directory, new Map([['key', file('x', 0o400)]]))
    assert.equal(statSync(path.join(directory, 'key')).mode & 0o777, 0o400)
    if (process.getuid?.() !== 0) return
    writeAtomically(directory, new Map([['key', file('y', 0o400)]]), 4242)
    const { mode, gid } = statSync(path.join(directory, 'key'))
    assert.equal(mode & 0o777, 0o440)
    assert.equal(gid, 4242)
    assert.equal(writeAtomically(directory, new Map([['key', file('y', 0o400)]]), 4242), false)
  })

  it('ends with exactly the last payload, whatever was there before', t => {
    const names = fc.constantFrom('a', 'b', 'c/d', 'c/e', 'f/g/h')
    const payloads = fc.array(fc.dictionary(names, fc.string(), { maxKeys: 5 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(payloads, written => {
        const directory = folder(t)
        for (const files of written) {
          writeAtomically(directory, payload(files))
          assert.deepEqual(contents(directory), { ...files })
        }
        // Two entries of its own: the link and what it points to.
        assert.equal(readdirSync(directory).filter(name => name.startsWith('..')).length, 2)
      }),
      { numRuns: 40 },
    )
  })

  it('goes on after a writer that was killed half-way', t => {
    const directory = folder(t)
    writeAtomically(directory, payload({ a: '1' }))
    mkdirSync(path.join(directory, '..2020_01_01_00_00_00.dead'))
    symlinkSync('..2020_01_01_00_00_00.dead', path.join(directory, '..data_tmp'))
    writeAtomically(directory, payload({ a: '2' }))
    assert.deepEqual(contents(directory), { a: '2' })
    assert.equal(existsSync(path.join(directory, '..2020_01_01_00_00_00.dead')), false)
  })
})

describe('a subPath', () => {
  it('is opened where it is, and made where it is missing', t => {
    const root = folder(t)
    const fd = openInVolume(root, 'a/b')
    assert.equal(realpathSync(`/proc/self/fd/${fd}`), path.join(realpathSync(root), 'a/b'))
    closeSync(fd)
  })

  it('may be a link that stays inside the volume', t => {
    const root = folder(t)
    writeAtomically(root, payload({ 'app.conf': 'x' }))
    const fd = openInVolume(root, 'app.conf')
    assert.equal(readFileSync(`/proc/self/fd/${fd}`, 'utf8'), 'x')
    closeSync(fd)
  })

  for (const [what, link] of [
    ['an absolute link', '/etc'],
    ['a relative link', '../../../../../../etc'],
  ] as const) {
    it(`does not follow ${what} out of the volume`, t => {
      const root = folder(t)
      symlinkSync(link, path.join(root, 'evil'))
      assert.throws(() => openInVolume(root, 'evil'), /leads out of its volume/)
      assert.throws(() => openInVolume(root, 'evil/passwd'), /leads out of its volume/)
    })
  }

  it('is refused with .. in it', t => {
    assert.throws(() => openInVolume(folder(t), '../x'), /must not contain/)
    assert.throws(() => openInVolume(folder(t), '/x'), /must be relative/)
  })
})

const base64 = (text: string): string => Buffer.from(text).toString('base64')

const sources = (more: Partial<VolumeSources> = {}): VolumeSources => ({
  configMap: (_, name) =>
    Promise.resolve<ConfigMap | undefined>(
      name === 'cfg'
        ? { apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data: { k: 'v' }, binaryData: { b: base64('bin') } }
        : undefined,
    ),
  secret: (_, name) =>
    Promise.resolve<Secret | undefined>(
      name === 'sec' ? { apiVersion: 'v1', kind: 'Secret', metadata: {}, data: { pw: base64('hush') } } : undefined,
    ),
  field: fieldPath => `<${fieldPath}>`,
  resource: (container, resource) => `${container}/${resource}`,
  ...more,
})

const podWith = (...volumes: Volume[]): VolumePod => ({ uid: 'u1', namespace: 'default', spec: { volumes } })

describe('volumes of a pod', () => {
  const table: readonly [name: string, volume: Omit<Volume, 'name'>, expected: Record<string, string>][] = [
    ['a ConfigMap', { configMap: { name: 'cfg' } }, { k: 'v', b: 'bin' }],
    ['keys of a ConfigMap', { configMap: { name: 'cfg', items: [{ key: 'k', path: 'x/y' }] } }, { 'x/y': 'v' }],
    ['a missing but optional ConfigMap', { configMap: { name: 'no', optional: true } }, {}],
    ['a Secret', { secret: { secretName: 'sec' } }, { pw: 'hush' }],
    [
      'the downward API',
      { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      { labels: '<metadata.labels>' },
    ],
    [
      'a projection',
      {
        projected: {
          sources: [
            { configMap: { name: 'cfg', items: [{ key: 'k', path: 'c' }] } },
            { secret: { name: 'sec' } },
            {
              downwardAPI: {
                items: [{ path: 'cpu', resourceFieldRef: { containerName: 'main', resource: 'limits.cpu' } }],
              },
            },
          ],
        },
      },
      { c: 'v', pw: 'hush', cpu: 'main/limits.cpu' },
    ],
  ]
  for (const [name, volume, expected] of table) {
    it(`holds ${name}`, async t => {
      const volumes = new PodVolumes(folder(t))
      const pod = podWith({ name: 'v', ...volume })
      assert.deepEqual(await volumes.prepare(pod, sources()), [])
      assert.deepEqual(contents(volumes.hostPath(pod, 'v')), expected)
    })
  }

  const wrong: readonly [name: string, volume: Omit<Volume, 'name'>, message: RegExp][] = [
    ['a missing ConfigMap', { configMap: { name: 'no' } }, /configmap "no" not found/],
    ['a missing key', { secret: { secretName: 'sec', items: [{ key: 'x', path: 'x' }] } }, /non-existent key: x/],
    [
      'a path out of the volume',
      { configMap: { name: 'cfg', items: [{ key: 'k', path: '../x' }] } },
      /must be relative/,
    ],
    ['a hostPath of another type', { hostPath: { path: '/etc/passwd', type: 'Directory' } }, /is not a directory/],
    ['an unknown type', { nfs: { server: 's', path: '/' } }, /volume type nfs is not offered/],
    [
      'sources in conflict',
      { projected: { sources: [{ configMap: { name: 'cfg' } }, { configMap: { name: 'cfg' } }] } },
      /more than one gives/,
    ],
  ]
  for (const [name, volume, message] of wrong) {
    it(`refuses ${name}`, async t => {
      const [failure] = await new PodVolumes(folder(t)).prepare(podWith({ name: 'v', ...volume }), sources())
      assert.match(failure?.error.message ?? '', message)
      assert.equal(failure?.volume, 'v')
    })
  }

  it('keeps what an emptyDir holds, until the pod is gone', async t => {
    const volumes = new PodVolumes(folder(t))
    const pod = podWith({ name: 'data', emptyDir: {} }, { name: 'sec', secret: { secretName: 'sec' } })
    await volumes.prepare(pod, sources())
    const data = volumes.hostPath(pod, 'data')
    assert.equal(statSync(data).mode & 0o777, 0o777)
    writeFileSync(path.join(data, 'kept'), 'x')
    await volumes.prepare(pod, sources())
    assert.deepEqual(contents(data), { kept: 'x' })
    await volumes.release('u1')
    assert.equal(existsSync(data), false)
    assert.equal(existsSync(volumes.hostPath(pod, 'sec')), false)
  })

  it('mounts an emptyDir of memory with its size, and parts of volumes', {
    skip: process.getuid?.() !== 0,
  }, async t => {
    const volumes = new PodVolumes(folder(t))
    const pod = podWith({ name: 'mem', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } })
    assert.deepEqual(await volumes.prepare(pod, sources()), [])
    const memory = volumes.hostPath(pod, 'mem')
    assert.throws(() => writeFileSync(path.join(memory, 'big'), Buffer.alloc(2 << 20)), /ENOSPC/)
    rmSync(path.join(memory, 'big'))
    const mount = { name: 'mem', mountPath: '/m', subPath: 'part' }
    const container = { name: 'main', resources: {}, volumeMounts: [mount] }
    const part = await volumes.mountSource(pod, container, mount, 'part')
    assert.equal(statSync(part).mode & 0o777, 0o777)
    writeFileSync(path.join(part, 'x'), 'through')
    assert.equal(readFileSync(path.join(memory, 'part', 'x'), 'utf8'), 'through')
    await volumes.release('u1')
    assert.deepEqual(mountsBelow(volumes.podDir('u1')), [])
    assert.equal(existsSync(path.join(volumes.podDir('u1'), 'volumes')), false)
  })
})
