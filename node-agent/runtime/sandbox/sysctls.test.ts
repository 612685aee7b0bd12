import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sysctlFile } from './sysctls.ts'

const pod = { network: 'pod', ipc: 'pod' } as const

test('a parameter’s file, with dots or slashes', () => {
  const files: [string, string][] = [
    ['net.ipv4.tcp_syncookies', '/proc/sys/net/ipv4/tcp_syncookies'],
    ['kernel.shm_rmid_forced', '/proc/sys/kernel/shm_rmid_forced'],
    ['fs.mqueue.msg_max', '/proc/sys/fs/mqueue/msg_max'],
    ['net/ipv4/conf/eth0.100/arp_accept', '/proc/sys/net/ipv4/conf/eth0.100/arp_accept'],
    ['net.ipv4.conf.eth0/100.arp_accept', '/proc/sys/net/ipv4/conf/eth0.100/arp_accept'],
    ['kernel/msgmax', '/proc/sys/kernel/msgmax'],
  ]
  for (const [name, file] of files) assert.equal(sysctlFile(name, pod), file)
})

test('what is not the pod’s is refused, however it is written', () => {
  const wrong: [string, object, RegExp][] = [
    ['vm.swappiness', pod, /the whole machine's/],
    ['kernel.hostname', pod, /the whole machine's/],
    ['kernel/hostname', pod, /the whole machine's/],
    ['net..x', pod, /not a parameter's name/],
    ['net/../kernel/hostname', pod, /not a parameter's name/],
    ['', pod, /not a parameter's name/],
    ['net.ipv4.tcp_syncookies', { ...pod, network: 'node' }, /the host's network/],
    ['net/ipv4/tcp_syncookies', { ...pod, network: 'node' }, /the host's network/],
    ['kernel.msgmax', { ...pod, ipc: 'node' }, /the host's IPC/],
  ]
  for (const [name, namespaces, why] of wrong) {
    const message = new RegExp(`^linux\\.sysctls: .*${why.source}`)
    assert.throws(() => sysctlFile(name, { ...pod, ...namespaces }), { code: 'invalid', message }, name)
  }
})
