import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PodSpec } from '../../../api/kinds/core-v1/pod-spec.ts'
import { makePod } from '../testing.ts'
import { forbiddenSysctl, sysctlAllowlist } from './sysctls.ts'

const setting = (name: string, more: Partial<PodSpec> = {}) =>
  makePod({ securityContext: { sysctls: [{ name, value: '1' }] }, ...more })

describe('kernel parameters of a pod', () => {
  const plain = sysctlAllowlist([], '6.1.0-13-amd64')
  const open = sysctlAllowlist(['kernel.msg*', 'net.core.somaxconn', 'fs.mqueue.*'], '6.1.0')
  const table: readonly [list: typeof plain, name: string, why?: string][] = [
    [plain, 'kernel.shm_rmid_forced'],
    [plain, 'net.ipv4.tcp_wmem'],
    [plain, 'net/ipv4/tcp_fin_timeout'],
    [plain, 'net.core.somaxconn', '"net.core.somaxconn" not allowlisted'],
    [plain, 'kernel.shmmax', '"kernel.shmmax" not allowlisted'],
    [plain, 'net/ipv4/tcp_max_tw_buckets', '"net.ipv4.tcp_max_tw_buckets" not allowlisted'],
    [plain, 'net/ipv4/conf/eth0.1/forwarding', '"net.ipv4.conf.eth0/1.forwarding" not allowlisted'],
    [open, 'net.core.somaxconn'],
    [open, 'kernel.msgmax'],
    [open, 'fs/mqueue/msg_max'],
    [open, 'kernel.sem', '"kernel.sem" not allowlisted'],
  ]
  for (const [list, name, why] of table) {
    it(`${name} ${why === undefined ? 'may' : 'may not'} be set${list === open ? ' where more is allowed' : ''}`, () => {
      assert.equal(forbiddenSysctl(setting(name), list), why && `forbidden sysctl: ${why}`)
    })
  }

  it('are not those of the host, whose namespace a pod may use', () => {
    const shared = (name: string, more: Partial<PodSpec>) => forbiddenSysctl(setting(name, more), open)
    const why = (name: string, namespace: string) =>
      `forbidden sysctl: "${name}" not allowed with host ${namespace} enabled`
    assert.equal(shared('net.core.somaxconn', { hostNetwork: true }), why('net.core.somaxconn', 'Net'))
    assert.equal(shared('kernel.msgmax', { hostIPC: true }), why('kernel.msgmax', 'IPC'))
    assert.equal(shared('net.core.somaxconn', { hostIPC: true }), undefined)
    assert.equal(shared('kernel.msgmax', { hostNetwork: true, hostPID: true }), undefined)
  })

  it('are fewer on a kernel that has them once for all', () => {
    const old = sysctlAllowlist([], '4.14.300')
    assert.equal(old.names.has('net.ipv4.tcp_fin_timeout'), true)
    assert.equal(old.names.has('net.ipv4.tcp_rmem'), false)
    assert.equal(sysctlAllowlist([], '4.15').names.has('net.ipv4.tcp_rmem'), true)
  })

  for (const wrong of ['vm.swappiness', 'kernel.*', 'net', 'net.ipv4.', 'NET.x', 'net.core.*max', ''])
    it(`can not be allowed as ${JSON.stringify(wrong)}`, () =>
      assert.throws(() => sysctlAllowlist([wrong], '6.1.0'), /is no sysctl|is not known to be/))
})
