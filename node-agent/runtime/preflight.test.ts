import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOptions } from './options.ts'
import { lacks, type Machine } from './preflight.ts'

const good: Machine = {
  platform: 'linux',
  arch: 'x64',
  uid: 0,
  kernel: '6.1.0-13-amd64',
  capabilities: (1n << 41n) - 1n,
  namespaces: ['net', 'ipc', 'uts', 'pid', 'mnt'],
  overlay: true,
  controllers: ['cpu', 'memory', 'pids'],
}

test('a good machine lacks nothing', () => {
  assert.deepEqual(lacks(good), [])
  assert.deepEqual(lacks({ ...good, kernel: '5.12.0' }), [])
})

test('each lack is one sentence', () => {
  const cases: [Partial<Machine>, RegExp][] = [
    [{ platform: 'darwin' }, /need Linux/],
    [{ arch: 'ia32' }, /x86-64 or arm64/],
    [{ uid: 1000 }, /needs root/],
    [{ kernel: '5.11.22' }, /Linux 5.12 or newer/],
    [{ kernel: '4.19.0' }, /Linux 5.12 or newer/],
    [{ capabilities: good.capabilities & ~(1n << 21n) }, /lacks CAP_SYS_ADMIN/],
    [{ namespaces: ['net', 'ipc', 'pid', 'mnt'] }, /kind uts/],
    [{ overlay: false }, /overlayfs/],
    [{ controllers: ['cpu', 'pids'] }, /no memory controller/],
  ]
  for (const [change, message] of cases) {
    const found = lacks({ ...good, ...change })
    assert.equal(found.length, 1)
    assert.match(found[0] ?? '', message)
  }
})

test('flags have defaults that fit together, and errors name them', () => {
  assert.deepEqual(parseOptions([]), {
    root: '/var/lib/tessera/runtime',
    images: '/var/lib/tessera/images',
    run: '/run/tessera',
    socket: '/run/tessera/runtime.sock',
    launcherSocket: '/run/tessera/launcher.sock',
    cgroupParent: 'tessera',
    instance: 'tessera',
    cleanup: false,
  })
  const options = parseOptions(['--instance', 'n1', '--run', '/r', '--root=/s/runtime', '--pod-cidr', '10.0.0.0/24'])
  assert.ok(options !== 'help')
  assert.deepEqual(
    [options.cgroupParent, options.socket, options.images, options.podCidr],
    ['tessera-n1', '/r/runtime.sock', '/s/images', '10.0.0.0/24'],
  )
  assert.equal(parseOptions(['-h']), 'help')
  assert.throws(() => parseOptions(['--instance', 'Too-Long-Name']), /--instance Too-Long-Name/)
  assert.throws(() => parseOptions(['--nope']), /--nope.*--help lists the flags/)
})
