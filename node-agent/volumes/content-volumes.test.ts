import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import type { Volume } from '../../api/kinds/core-v1/volumes.ts'
import { PodVolumes } from './pod-volumes.ts'
import { contents, folder, modeOf, podWith, skip, sources } from './testing.ts'

type Source = Omit<Volume, 'name'>

describe('a volume that holds', () => {
  const table: readonly [name: string, volume: Source, expected: Record<string, string>][] = [
    ['a ConfigMap', { configMap: { name: 'cfg' } }, { k: 'v', b: 'bin' }],
    ['keys of a ConfigMap', { configMap: { name: 'cfg', items: [{ key: 'k', path: 'x/y' }] } }, { 'x/y': 'v' }],
    ['a missing but optional ConfigMap', { configMap: { name: 'no', optional: true } }, {}],
    [
      'keys of a missing but optional ConfigMap',
      { configMap: { name: 'no', optional: true, items: [{ key: 'k', path: 'x' }] } },
      {},
    ],
    [
      'an optional ConfigMap that lacks one key',
      {
        configMap: {
          name: 'cfg',
          optional: true,
          items: [
            { key: 'no', path: 'x' },
            { key: 'k', path: 'y' },
          ],
        },
      },
      { y: 'v' },
    ],
    ['a Secret', { secret: { secretName: 'sec' } }, { pw: 'hush', k: 's' }],
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
            { secret: { name: 'sec', items: [{ key: 'pw', path: 'pw' }] } },
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
    [
      'a projection of two sources with one path: the later one',
      { projected: { sources: [{ configMap: { name: 'cfg' } }, { secret: { name: 'sec' } }] } },
      { k: 's', b: 'bin', pw: 'hush' },
    ],
    [
      'missing but optional projected sources',
      {
        projected: {
          sources: [
            { configMap: { name: 'no', optional: true } },
            { secret: { name: 'no', optional: true } },
            { configMap: { name: 'cfg' } },
          ],
        },
      },
      { k: 'v', b: 'bin' },
    ],
  ]
  for (const [name, source, expected] of table) {
    it(name, async t => {
      const volumes = new PodVolumes(folder(t))
      const volume = { name: 'v', ...source }
      const pod = podWith(volume)
      assert.deepEqual(await volumes.prepare(pod, sources()), [])
      assert.deepEqual(contents(volumes.hostPath(pod, volume)), expected)
    })
  }

  const missing: readonly [name: string, volume: Source, message: string][] = [
    ['a ConfigMap', { configMap: { name: 'no' } }, 'configmap "no" not found'],
    [
      'a key of a ConfigMap',
      { configMap: { name: 'cfg', items: [{ key: 'x', path: 'x' }] } },
      'configmap references non-existent config key: x',
    ],
    ['a Secret', { secret: { secretName: 'no' } }, 'secret "no" not found'],
    [
      'a key of a Secret',
      { secret: { secretName: 'sec', items: [{ key: 'x', path: 'x' }] } },
      'references non-existent secret key: x',
    ],
    [
      'two projected sources',
      { projected: { sources: [{ configMap: { name: 'no1' } }, { secret: { name: 'no2' } }] } },
      '[configmap "no1" not found, secret "no2" not found]',
    ],
    [
      'one projected source',
      { projected: { sources: [{ configMap: { name: 'cfg' } }, { secret: { name: 'no2' } }] } },
      'secret "no2" not found',
    ],
    [
      'the same twice and keys elsewhere',
      {
        projected: {
          sources: [
            { configMap: { name: 'no' } },
            { configMap: { name: 'no' } },
            { configMap: { name: 'cfg', items: [{ key: 'x', path: 'x' }] } },
            { secret: { name: 'sec', items: [{ key: 'y', path: 'y' }] } },
          ],
        },
      },
      '[configmap "no" not found, configmap references non-existent config key: x, references non-existent secret key: y]',
    ],
    [
      'fields, in a projection beside a missing ConfigMap',
      {
        projected: {
          sources: [
            {
              downwardAPI: {
                items: [
                  { path: 'a', fieldRef: { fieldPath: 'spec.a' } },
                  { path: 'b', fieldRef: { fieldPath: 'spec.b' } },
                ],
              },
            },
            { configMap: { name: 'no' } },
          ],
        },
      },
      '[no spec.a, no spec.b, configmap "no" not found]',
    ],
  ]
  for (const [name, source, message] of missing) {
    it(`says what is missing: ${name}`, async t => {
      const field = (fieldPath: string): string => {
        throw new Error(`no ${fieldPath}`)
      }
      const failures = await new PodVolumes(folder(t)).prepare(podWith({ name: 'v', ...source }), sources({ field }))
      assert.deepEqual(
        failures.map(({ volume, error }) => [volume, error.message]),
        [['v', message]],
      )
    })
  }
})

describe('the root of a volume', () => {
  const kinds: readonly [name: string, volume: Source, mode: number, grouped: number][] = [
    ['on disk', { configMap: { name: 'cfg' } }, 0o777, 0o2777],
    ['in memory', { secret: { secretName: 'sec' } }, 0o1777, 0o3777],
  ]
  for (const [name, source, mode, grouped] of kinds) {
    it(`has the mode of a directory ${name}`, async t => {
      const volumes = new PodVolumes(folder(t))
      const volume = { name: 'v', ...source }
      const pod = podWith(volume)
      await volumes.prepare(pod, sources())
      assert.equal(modeOf(volumes.hostPath(pod, volume)), mode)
    })

    it(`has the mode of a group's directory ${name}`, { skip }, async t => {
      const volumes = new PodVolumes(folder(t))
      const volume = { name: 'v', ...source }
      const { spec, ...pod } = podWith(volume)
      await volumes.prepare({ ...pod, spec: { ...spec, securityContext: { fsGroup: 2000 } } }, sources())
      assert.equal(modeOf(volumes.hostPath({ ...pod, spec }, volume)), grouped)
    })
  }

  it('is nobody’s to reach from outside a container', async t => {
    const volumes = new PodVolumes(folder(t))
    await volumes.prepare(podWith({ name: 'v', emptyDir: {} }), sources())
    assert.equal(modeOf(volumes.podDir('u1')), 0o750)
    assert.equal(modeOf(path.join(volumes.podDir('u1'), 'volumes')), 0o750)
  })
})
