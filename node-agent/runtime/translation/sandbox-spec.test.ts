import assert from 'node:assert/strict'
import { hostname as machineName } from 'node:os'
import { describe, test } from 'node:test'
import { NamespaceMode, type PodSandboxConfig, Protocol } from '../../../proto/gen/cri.ts'
import { podCgroup, sandboxSpec } from './sandbox-spec.ts'

const id = 'f'.repeat(64)
const spec = (config: PodSandboxConfig) => sandboxSpec(id, config)
const hostNetwork = { securityContext: { namespaceOptions: { network: NamespaceMode.NODE } } }

describe('the host name of a sandbox', () => {
  const named = (name: string) => spec({ metadata: { name, uid: 'u' } }).hostname

  test('is the one asked for, else the pod’s name', () => {
    assert.equal(spec({ hostname: 'asked', metadata: { name: 'web', uid: 'u' } }).hostname, 'asked')
    assert.equal(named('web'), 'web')
    assert.equal(spec({}).hostname, id.slice(0, 12))
  })

  test('made from a name is cut to a label of DNS', () => {
    assert.equal(named('a'.repeat(253)), 'a'.repeat(63))
    assert.equal(named(`${'a'.repeat(60)}-.-b`), 'a'.repeat(60))
    assert.equal(named('-'.repeat(70)), id.slice(0, 12))
  })

  test('has no control characters', () => {
    assert.throws(() => spec({ hostname: 'a\nb' }), { code: 'invalid', message: /^hostname: "a\\nb" is no host name/ })
  })

  test('asked for may be as long as the kernel takes', () => {
    const long = 'h'.repeat(64)
    assert.equal(spec({ hostname: long }).hostname, long)
    assert.throws(() => spec({ hostname: `${long}h` }), { code: 'invalid', message: /^hostname: .* 64 bytes/ })
    assert.throws(() => spec({ hostname: 'é'.repeat(33) }), { code: 'invalid' })
  })

  test('on the host’s network is the host’s', () => {
    assert.equal(spec({ hostname: 'asked', linux: hostNetwork }).hostname, machineName())
  })
})

describe('port mappings', () => {
  const ports = (mapping: object) => spec({ portMappings: [mapping] }).portMappings

  test('without a port of the host map nothing', () => {
    assert.deepEqual(ports({ containerPort: 80 }), [])
    assert.deepEqual(ports({ containerPort: 80, hostPort: 0 }), [])
  })

  test('are TCP and on every address unless they say otherwise', () => {
    assert.deepEqual(ports({ containerPort: 80, hostPort: 8080 }), [
      { protocol: 'tcp', containerPort: 80, hostPort: 8080 },
    ])
    assert.deepEqual(ports({ containerPort: 53, hostPort: 53, protocol: Protocol.UDP, hostIp: '127.0.0.1' }), [
      { protocol: 'udp', containerPort: 53, hostPort: 53, hostIp: '127.0.0.1' },
    ])
  })

  test('that cannot be are refused by name', () => {
    const wrong: [object, RegExp][] = [
      [{ hostPort: 80 }, /^port_mappings\[0\]\.container_port: 0 is no port/],
      [{ hostPort: 80, containerPort: 70000 }, /container_port: 70000 is no port/],
      [{ hostPort: 65536, containerPort: 80 }, /host_port: 65536 is no port/],
      [{ hostPort: -1, containerPort: 80 }, /host_port: -1 is no port/],
      [{ hostPort: 80, containerPort: 80, hostIp: 'nowhere' }, /host_ip: "nowhere" is no address/],
    ]
    for (const [mapping, message] of wrong) assert.throws(() => ports(mapping), { code: 'invalid', message })
    assert.throws(() => ports({ hostPort: 80, containerPort: 80, hostIp: '::1' }), { code: 'unsupported' })
    assert.equal(ports({ hostPort: 80, containerPort: 80, hostIp: '::' })?.length, 1)
  })
})

test('a cgroup parent is absolute, as CRI writes it, or not; without one it is the runtime’s', () => {
  const of = (cgroupParent: string, uid = 'u') => podCgroup({ metadata: { uid }, linux: { cgroupParent } }, 'own')
  assert.equal(of('/kubepods/burstable/'), 'kubepods/burstable')
  assert.equal(of('a//./b'), 'a/b')
  assert.deepEqual(
    [of(''), of('/'), podCgroup({ metadata: { uid: 'u' } }, 'own')],
    ['own/podu', 'own/podu', 'own/podu'],
  )
  for (const wrong of ['/a/../b', 'a\0b', `/${'x'.repeat(256)}`]) {
    assert.throws(() => of(wrong), { code: 'invalid', message: /^linux\.cgroup_parent: / }, wrong)
  }
  assert.throws(() => of('', 'a/../..'), { code: 'invalid', message: /^metadata\.uid: / })
})

test('namespaces are the pod’s or the node’s', () => {
  assert.deepEqual([spec({}).network, spec({}).ipc], ['pod', 'pod'])
  assert.equal(spec({ linux: hostNetwork }).network, 'node')
  const container = { securityContext: { namespaceOptions: { ipc: NamespaceMode.CONTAINER } } }
  assert.throws(() => spec({ linux: container }), { code: 'invalid', message: /namespace_options\.ipc: / })
})

test('a group needs a user', () => {
  const runAsGroup = { value: 1 }
  assert.throws(() => spec({ linux: { securityContext: { runAsGroup } } }), {
    code: 'invalid',
    message: /run_as_group/,
  })
  assert.doesNotThrow(() => spec({ linux: { securityContext: { runAsGroup, runAsUser: { value: 1 } } } }))
})

test('user namespaces are refused, not passed over', () => {
  const userns = (mode: NamespaceMode) =>
    spec({ linux: { securityContext: { namespaceOptions: { usernsOptions: { mode } } } } })
  assert.throws(() => userns(NamespaceMode.POD), { code: 'unsupported', message: /userns_options/ })
  assert.doesNotThrow(() => userns(NamespaceMode.NODE))
})
