import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { type ContainerConfig, NamespaceMode, type PodSandboxConfig } from '../../../proto/gen/cri.ts'
import type { ContainerRecord } from '../records/records.ts'
import { recover } from './recovery.ts'
import { runSandbox } from './run-sandbox.ts'
import { type FakeMachine, fakeMachine } from './testing.ts'
import { makeContainer } from './testing-pod.ts'

describe('the files of a sandbox', () => {
  let machine: FakeMachine
  const make = (name = 'c', more: ContainerConfig = {}) => makeContainer(machine.runtime, name, more)
  const record = (id: string): ContainerRecord => machine.runtime.containerRecords.get(id) ?? assert.fail('no record')

  const restart = async (): Promise<void> => {
    machine = machine.reboot()
    await recover(machine.runtime)
  }

  beforeEach(async () => {
    machine = await fakeMachine()
    machine.sandboxes.configureNetwork()
  })
  afterEach(() => machine.remove())

  test('resolv.conf, hostname and hosts are the sandbox’s', async () => {
    const { sandbox, id } = await make()
    const folder = machine.runtime.sandboxRecords.folderOf(sandbox)
    const file = (name: string): string => readFileSync(path.join(folder, name), 'utf8')
    assert.equal(file('resolv.conf'), 'search a.b b\nnameserver 10.0.0.10\noptions ndots:5\n')
    assert.equal(file('hostname'), 'web\n')
    assert.match(file('hosts'), /^127\.0\.0\.1\tlocalhost\n.*\n10\.0\.0\.1\tweb\n$/s)
    const bound = record(id).spec.mounts.map(mount => (mount.kind === 'bind' ? mount.source : ''))
    assert.ok(bound.includes(path.join(folder, 'hosts')))
    const own = await make('own', { mounts: [{ containerPath: '/etc/hosts', hostPath: '/etc/hosts' }] })
    const hosts = record(own.id).spec.mounts.filter(mount => mount.target === '/etc/hosts')
    assert.deepEqual(
      hosts.map(mount => mount.kind === 'bind' && mount.source),
      ['/etc/hosts'],
    )
  })

  test('on the host’s network hosts is the host’s, and so is resolv.conf where nothing is said of DNS', async () => {
    const linux = { securityContext: { namespaceOptions: { network: NamespaceMode.NODE } } }
    const run = async (uid: string, more: PodSandboxConfig): Promise<string> => {
      const { id } = await runSandbox(machine.runtime, { metadata: { name: uid, uid }, linux, ...more }, '')
      return machine.runtime.sandboxRecords.folderOf(id)
    }
    const silent = await run('silent', {})
    for (const name of ['hosts', 'resolv.conf']) {
      assert.equal(readFileSync(path.join(silent, name), 'utf8'), readFileSync(path.join('/etc', name), 'utf8'))
    }
    const empty = await run('empty', { dnsConfig: {} })
    assert.equal(readFileSync(path.join(empty, 'resolv.conf'), 'utf8'), '')
  })

  test('a sandbox of an older runtime is given the files it lacks, and keeps the others', async () => {
    const { sandbox } = await make()
    const folder = machine.runtime.sandboxRecords.folderOf(sandbox)
    rmSync(path.join(folder, 'hosts'))
    writeFileSync(path.join(folder, 'hostname'), 'kept\n')
    await restart()
    assert.match(readFileSync(path.join(folder, 'hosts'), 'utf8'), /\tweb\n$/)
    assert.equal(readFileSync(path.join(folder, 'hostname'), 'utf8'), 'kept\n')
  })
})
