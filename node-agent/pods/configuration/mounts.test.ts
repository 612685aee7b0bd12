import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { VolumeMount } from '../../../api/kinds/core-v1/container.ts'
import { type Mount, MountPropagation } from '../../../proto/gen/cri.ts'
import { PodVolumes } from '../../volumes/pod-volumes.ts'
import { container, makePod } from '../testing.ts'
import { containerMounts } from './mounts.ts'

/** What the runtime is asked to mount for a mount of an emptyDir named `dir` or a ConfigMap named `cm`. */
function mounted(t: TestContext, mount: Partial<VolumeMount>, environment: Record<string, string> = {}): Mount {
  const root = mkdtempSync(path.join(os.tmpdir(), 'mounts-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const main = container('main', { volumeMounts: [{ name: 'dir', mountPath: '/m', ...mount }] })
  const volumes = [
    { name: 'dir', emptyDir: {} },
    { name: 'cm', configMap: { name: 'cfg' } },
  ]
  const pod = makePod({ containers: [main], volumes })
  const variables = new Map(Object.entries(environment))
  const [first] = containerMounts(new PodVolumes(root), pod, main, 0, [], 'cluster.local', variables)
  assert.ok(first)
  return first
}

describe('a mount', () => {
  it('is read-only when it says so, or when its volume is made by the API', t => {
    assert.equal(mounted(t, {}).readonly, false)
    assert.equal(mounted(t, { readOnly: true }).readonly, true)
    assert.equal(mounted(t, { name: 'cm' }).readonly, true)
    assert.equal(mounted(t, { name: 'cm', readOnly: false }).readonly, true)
  })

  it('propagates what it is asked to', t => {
    const { PROPAGATION_PRIVATE, PROPAGATION_HOST_TO_CONTAINER, PROPAGATION_BIDIRECTIONAL } = MountPropagation
    assert.equal(mounted(t, {}).propagation, PROPAGATION_PRIVATE)
    assert.equal(mounted(t, { mountPropagation: 'HostToContainer' }).propagation, PROPAGATION_HOST_TO_CONTAINER)
    assert.equal(mounted(t, { mountPropagation: 'Bidirectional' }).propagation, PROPAGATION_BIDIRECTIONAL)
  })

  it('is read-only with all below it where that is asked for', t => {
    const asked = (recursiveReadOnly: VolumeMount['recursiveReadOnly']) =>
      mounted(t, { readOnly: true, ...(recursiveReadOnly && { recursiveReadOnly }) }).recursiveReadOnly
    assert.deepEqual(
      [asked(undefined), asked('Disabled'), asked('IfPossible'), asked('Enabled')],
      [false, false, true, true],
    )
  })

  for (const [but, mount] of [
    ['it is not read-only', { recursiveReadOnly: 'IfPossible' }],
    [
      'it is not compatible with propagation "HostToContainer"',
      { recursiveReadOnly: 'Enabled', readOnly: true, mountPropagation: 'HostToContainer' },
    ],
  ] as const) {
    it(`is not read-only with all below it when ${but}`, t => {
      assert.throws(() => mounted(t, mount), {
        name: 'ConfigError',
        message: `failed to resolve recursive read-only mode: volume "dir" requested recursive read-only mode, but ${but}`,
      })
    })
  }

  it('names the variables its subPath lacks, empty ones too', t => {
    assert.throws(() => mounted(t, { subPathExpr: '$(Z)/$(EMPTY)/$(A)/$(SET)' }, { SET: 'x', EMPTY: '' }), {
      name: 'ConfigError',
      message: 'missing value for A, EMPTY, Z',
    })
  })

  it('refuses a subPath that a variable leads out of the volume', t => {
    assert.throws(() => mounted(t, { subPathExpr: 'a/$(X)' }, { X: '../up' }), {
      message: "unable to provision SubPath `a/../up`: must not contain '..'",
    })
  })
})
