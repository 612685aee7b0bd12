import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import type { Container, VolumeMount } from '../../api/kinds/core-v1/container.ts'
import { mountsBelow } from './mount.ts'
import { PodVolumes } from './pod-volumes.ts'
import { contents, folder, modeOf, podWith, skip, sources } from './testing.ts'
import type { VolumePod } from './volume.ts'

const mounting = (mount: VolumeMount): Container => ({ name: 'main', resources: {}, volumeMounts: [mount] })

function sourceOf(volumes: PodVolumes, pod: VolumePod, name: string, subPath = '') {
  const mount = { name, mountPath: '/m', subPath }
  return volumes.mountSource(pod, mounting(mount), mount, subPath)
}

describe('volumes of a pod', () => {
  it('keep what an emptyDir holds, until the pod is gone', async t => {
    const volumes = new PodVolumes(folder(t))
    const data = { name: 'data', emptyDir: {} }
    const secret = { name: 'sec', secret: { secretName: 'sec' } }
    const pod = podWith(data, secret)
    await volumes.prepare(pod, sources())
    writeFileSync(path.join(volumes.hostPath(pod, data), 'kept'), 'x')
    await volumes.prepare(pod, sources())
    assert.deepEqual(contents(volumes.hostPath(pod, data)), { kept: 'x' })
    await volumes.release('u1')
    assert.equal(existsSync(volumes.hostPath(pod, data)), false)
    assert.equal(existsSync(volumes.hostPath(pod, secret)), false)
  })

  it('are made when a container mounts them, and else not missed', async t => {
    const volumes = new PodVolumes(folder(t))
    const unused = { name: 'unused', configMap: { name: 'no' } }
    const { spec, ...pod } = podWith({ name: 'used', emptyDir: {} })
    const all = { ...pod, spec: { ...spec, volumes: [...(spec.volumes ?? []), unused] } }
    assert.deepEqual(await volumes.prepare(all, sources()), [])
    const init = mounting({ name: 'unused', mountPath: '/m' })
    const [failure] = await volumes.prepare({ ...all, spec: { ...all.spec, initContainers: [init] } }, sources())
    assert.equal(failure?.volume, 'unused')
  })

  it('of a type that is not offered are refused', async t => {
    const pod = podWith({ name: 'v', nfs: { server: 's', path: '/' } })
    const [failure] = await new PodVolumes(folder(t)).prepare(pod, sources())
    assert.match(failure?.error.message ?? '', /volume type nfs is not offered/)
  })

  it('made by the API are read-only for containers, places are not', async t => {
    const root = folder(t)
    const volumes = new PodVolumes(root)
    const pod = podWith(
      { name: 'cm', configMap: { name: 'cfg' } },
      { name: 'sec', secret: { secretName: 'sec' } },
      { name: 'down', downwardAPI: {} },
      { name: 'proj', projected: { sources: [] } },
      { name: 'empty', emptyDir: {} },
      { name: 'host', hostPath: { path: root } },
    )
    await volumes.prepare(pod, sources())
    const readOnly = (pod.spec.volumes ?? []).map(({ name }) => [name, sourceOf(volumes, pod, name).readOnly])
    assert.deepEqual(Object.fromEntries(readOnly), {
      cm: true,
      sec: true,
      down: true,
      proj: true,
      empty: false,
      host: false,
    })
  })

  it('make the directory of a hostPath that leads nowhere', t => {
    const root = folder(t)
    const host = path.join(root, 'nowhere')
    assert.equal(sourceOf(new PodVolumes(root), podWith({ name: 'v', hostPath: { path: host } }), 'v').hostPath, host)
    assert.equal(modeOf(host), 0o755)
  })

  it('unknown to the pod are refused', t => {
    assert.throws(() => sourceOf(new PodVolumes(folder(t)), podWith(), 'no'), {
      message: 'cannot find volume "no" to mount into container "main"',
    })
  })

  it('refuse a subPath that leads out of them, and tell nothing of the host', async t => {
    const volumes = new PodVolumes(folder(t))
    const volume = { name: 'v', emptyDir: {} }
    const pod = podWith(volume)
    await volumes.prepare(pod, sources())
    symlinkSync('/etc', path.join(volumes.hostPath(pod, volume), 'evil'))
    symlinkSync('nowhere', path.join(volumes.hostPath(pod, volume), 'dangling'))
    for (const [subPath, message] of [
      ['a/../b', "unable to provision SubPath `a/../b`: must not contain '..'"],
      ['/a', 'error SubPath `/a` must not be an absolute path'],
      ['evil', 'failed to prepare subPath for volumeMount "v" of container "main"'],
      ['dangling', 'failed to create subPath directory for volumeMount "v" of container "main"'],
    ] as const) {
      assert.throws(() => sourceOf(volumes, pod, 'v', subPath), { message })
    }
  })

  it('give their parts, and take mounts away with the pod', { skip }, async t => {
    const volumes = new PodVolumes(folder(t))
    const memory = { name: 'mem', emptyDir: { medium: 'Memory' } }
    const secret = { name: 'sec', secret: { secretName: 'sec' } }
    const pod = podWith(memory, secret)
    assert.deepEqual(await volumes.prepare(pod, sources()), [])
    const { hostPath, readOnly } = sourceOf(volumes, pod, 'mem', 'part')
    assert.deepEqual([modeOf(hostPath), readOnly], [0o1777, false])
    writeFileSync(path.join(hostPath, 'x'), 'through')
    assert.equal(readFileSync(path.join(volumes.hostPath(pod, memory), 'part', 'x'), 'utf8'), 'through')
    const key = sourceOf(volumes, pod, 'sec', 'pw')
    assert.deepEqual([readFileSync(key.hostPath, 'utf8'), key.readOnly], ['hush', true])
    await volumes.release('u1')
    assert.deepEqual(mountsBelow(volumes.podDir('u1')), [])
    assert.equal(existsSync(path.join(volumes.podDir('u1'), 'volumes')), false)
  })

  it('are not removed through what is mounted', { skip }, async t => {
    const root = folder(t)
    const host = path.join(root, 'host')
    mkdirSync(path.join(host, 'part'), { recursive: true })
    writeFileSync(path.join(host, 'part', 'x'), 'kept')
    const volumes = new PodVolumes(path.join(root, 'agent'))
    const pod = podWith({ name: 'v', hostPath: { path: host } })
    await volumes.prepare(pod, sources())
    sourceOf(volumes, pod, 'v', 'part')
    await volumes.release('u1')
    assert.deepEqual(contents(host), { 'part/x': 'kept' })
  })
})
