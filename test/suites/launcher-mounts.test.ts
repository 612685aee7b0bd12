// A container's file systems on the real kernel: its layers, what every container has, volumes.
import assert from 'node:assert/strict'
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type RootSpec } from '../../node-agent/runtime/container/container-spec.ts'
import { AT_FDCWD, closeFd } from '../../node-agent/sys/fd.ts'
import { makeNode } from '../../node-agent/sys/fifo.ts'
import { attachMountAt, createFileSystem, setTreePropagation, unmountAll } from '../../node-agent/sys/mount.ts'
import { failure, LauncherFixture } from './launcher-harness.ts'

const fixture = new LauncherFixture()
before(() => fixture.open())
after(() => fixture.close())

describe('a container’s file systems', () => {
  it('has as many layers as an image may have, under any name', async () => {
    const layered = (count: number): RootSpec => {
      const lower = Array.from({ length: count }, (_, index) => {
        const layer = path.join(fixture.folder, 'layers', `${count}:${index},\\`)
        mkdirSync(layer, { recursive: true })
        writeFileSync(path.join(layer, `from-${index}`), '')
        return layer
      })
      const { root } = fixture.spec([])
      assert.ok(root.kind === 'overlay')
      return { ...root, lower: [...lower, fixture.layer] }
    }
    const run = (count: number) => fixture.run(['sh', '-c', 'ls / | grep -c from-'], {}, { root: layered(count) })
    for (const count of [2, 40, 130]) assert.equal((await run(count)).stdout, `${count}\n`)
    // Older kernels have them all named in one page.
    const [major = 0, minor = 0] = release().split('.').map(Number)
    if (major > 6 || (major === 6 && minor >= 7)) assert.equal((await run(300)).stdout, '300\n')
    else assert.match((await failure(run(300))).message, /^301 layers are more than an overlay mount can name$/)
  })

  it('may name a layer several times: what any of them shows or hides is as if each were there', async () => {
    const make = (name: string, ...files: string[]): string => {
      const layer = path.join(fixture.folder, 'repeated', name)
      for (const file of files) {
        mkdirSync(path.join(layer, path.dirname(file)), { recursive: true })
        writeFileSync(path.join(layer, file), name)
      }
      mkdirSync(layer, { recursive: true })
      return layer
    }
    const whiteout = (layer: string, name: string): void => {
      mkdirSync(path.dirname(path.join(layer, name)), { recursive: true })
      makeNode(AT_FDCWD, path.join(layer, name), 'char', 0o000, 0)
    }
    const empty = make('empty')
    const base = make('base', 'top', 'd/base', 'gone', 'e/base', 'hidden/base')
    const x = make('x', 'top', 'd/x', 'f', 'e/x')
    whiteout(x, 'gone')
    const y = make('y', 'top', 'd/y', 'gone', 'g')
    whiteout(y, 'f')
    whiteout(y, 'e')
    const show = async (...lower: string[]): Promise<string> => {
      const { root } = fixture.spec([])
      assert.ok(root.kind === 'overlay')
      const shown =
        'for f in $(find /top /d /e /f /g /gone /hidden -type f 2>/dev/null | sort); do echo $f $(cat $f); done'
      return (await fixture.run(['sh', '-c', shown], {}, { root: { ...root, lower: [...lower, fixture.layer] } }))
        .stdout
    }
    const copy = path.join(fixture.folder, 'repeated', 'copy-of-x')
    cpSync(x, copy, { recursive: true, filter: file => !file.endsWith('/gone') })
    whiteout(copy, 'gone')
    const expected = await show(x, y, copy, base)
    assert.equal(await show(x, y, x, base), expected)
    assert.equal(await show(empty, x, empty, y, x, empty, x, base, empty), expected)
    assert.equal(expected, '/d/base base\n/d/x x\n/d/y y\n/e/x x\n/f x\n/g y\n/hidden/base base\n/top x\n')
  })

  it('has the standard mounts and devices', async () => {
    const { stdout } = await fixture.run([
      'sh',
      '-c',
      'cat /proc/mounts; ls -l /dev; echo x > /dev/null && head -c 3 /dev/zero | wc -c',
    ])
    assert.match(stdout, /^overlay \/ overlay rw/m)
    assert.match(stdout, /^proc \/proc proc rw,nosuid,nodev,noexec/m)
    assert.match(stdout, /^devpts \/dev\/pts devpts .*gid=5,mode=620,ptmxmode=666/m)
    assert.match(stdout, /^mqueue \/dev\/mqueue mqueue/m)
    assert.match(stdout, /^shm \/dev\/shm tmpfs rw,nosuid,nodev,noexec/m)
    assert.match(stdout, /^sysfs \/sys sysfs ro/m)
    assert.match(stdout, /^proc \/proc\/sys proc ro/m)
    assert.match(stdout, /^tmpfs \/sys\/firmware tmpfs ro/m)
    assert.match(stdout, /crw-rw-rw- .* 1, +3 .* null/)
    assert.match(stdout, /ptmx -> pts\/ptmx/)
    assert.match(stdout, /^3$/m)
  })

  it('has a null device for its streams and masks even where a volume covers /dev', async () => {
    const volume = { kind: 'tmpfs', target: '/dev' } as const
    const { stdout } = await fixture.run(
      ['sh', '-c', 'ls -A /dev; stat -L -c %t:%T /proc/self/fd/0 /proc/timer_list; cat /proc/timer_list'],
      {},
      { mounts: [volume] },
    )
    assert.equal(stdout, '1:3\n1:3\n')
  })

  it('cannot change the host through /proc and /sys unless privileged', async () => {
    const write = 'echo 1 > /proc/sys/kernel/core_uses_pid; echo $?; mount -t tmpfs x /tmp; echo $?'
    assert.match((await fixture.run(['sh', '-c', write])).stdout, /^1\n(1|32|255)\n/)
    const privileged = await fixture.run(
      ['sh', '-c', 'mount -t tmpfs x /tmp; echo $?; grep CapEff /proc/self/status'],
      { privileged: true },
    )
    assert.match(privileged.stdout, /^0\nCapEff:\t000001f/)
    assert.match((await fixture.run(['cat', '/proc/keys', '/proc/timer_list'])).stdout, /^$/)
  })

  it('sees volumes: read-only, nested, files and sockets, and tmpfs', async () => {
    const data = path.join(fixture.folder, 'volume')
    mkdirSync(path.join(data, 'sub'), { recursive: true })
    writeFileSync(path.join(data, 'file'), 'from the host')
    const { stdout, stderr } = await fixture.run(
      [
        'sh',
        '-c',
        'cat /data/file /etc/motd; echo in > /data/sub/new; echo no > /ro/x; stat -c %a /scratch; cat /proc/mounts | grep scratch',
      ],
      {},
      {
        mounts: [
          { kind: 'bind', source: data, target: '/data' },
          { kind: 'bind', source: path.join(data, 'sub'), target: '/data/sub' },
          { kind: 'bind', source: data, target: '/ro', flags: { readOnly: true } },
          { kind: 'bind', source: path.join(data, 'file'), target: '/etc/motd' },
          { kind: 'tmpfs', target: '/scratch', sizeBytes: 1 << 20, mode: 0o750 },
        ],
      },
    )
    assert.match(stdout, /^from the hostfrom the host750\n.*size=1024k/)
    assert.match(stderr, /can't create \/ro\/x: Read-only file system/)
    assert.equal(readFileSync(path.join(data, 'sub/new'), 'utf8'), 'in\n')
  })

  it('has the image’s volumes: what the image put there, as mounts that can be written to', async () => {
    const layer = path.join(fixture.folder, 'volumes')
    mkdirSync(path.join(layer, 'data'), { recursive: true })
    chmodSync(path.join(layer, 'data'), 0o2770)
    chownSync(path.join(layer, 'data'), 7, 8)
    writeFileSync(path.join(layer, 'data/file'), 'from the image\n')
    const host = path.join(fixture.folder, 'outer')
    mkdirSync(path.join(host, 'inner'), { recursive: true })
    writeFileSync(path.join(host, 'inner/hidden'), '')
    const { root } = fixture.spec([])
    assert.ok(root.kind === 'overlay')
    const look = [
      'stat -c "%a %u:%g" /data; cat /data/file; echo x > /data/x && ls /data; ls -A /made/new; touch /made/new/y && echo w',
      'ls -A /outer/inner; touch /x || echo read-only; grep -cE " /(data|made/new|outer/inner) overlay rw" /proc/mounts',
    ].join('; ')
    const { stdout } = await fixture.run(
      ['sh', '-c', look],
      {},
      {
        root: { ...root, lower: [layer, fixture.layer] },
        readOnlyRoot: true,
        mounts: [
          { kind: 'image-volume', target: '/data' },
          { kind: 'bind', source: host, target: '/outer' },
          { kind: 'image-volume', target: '/made/new' },
          { kind: 'image-volume', target: '/outer/inner' },
        ],
      },
    )
    assert.equal(stdout, '2770 7:8\nfrom the image\nfile\nx\nw\nread-only\n3\n')
    assert.deepEqual(readdirSync(path.join(layer, 'data')), ['file'])
    const file = await failure(fixture.run(['true'], {}, { mounts: [{ kind: 'image-volume', target: '/etc/passwd' }] }))
    assert.match(file.message, /\/etc\/passwd is, or lies below, something that is no directory/)
  })

  it('shares a volume’s mounts with the host where asked, and none that its own start makes', async () => {
    const host = path.join(fixture.folder, 'bidirectional')
    const mountShared = (place: string): void => {
      mkdirSync(place, { recursive: true })
      const mount = createFileSystem('tmpfs', 'tmpfs', {}, {})
      attachMountAt(mount, place)
      closeFd(mount)
      setTreePropagation(place, 'shared')
    }
    const mounted = (): string[] =>
      readFileSync('/proc/self/mountinfo', 'utf8')
        .split('\n')
        .map(line => line.split(' ')[4] ?? '')
        .filter(place => place.startsWith(`${host}/`))
        .map(place => place.slice(host.length))
    mountShared(host)
    try {
      for (const folder of ['inner', 'sub', 'made', 'late']) mkdirSync(path.join(host, folder))
      mountShared(path.join(host, 'sub'))
      for (const folder of ['inner', 'made']) mkdirSync(path.join(host, 'sub', folder))
      const other = path.join(fixture.folder, 'other')
      mkdirSync(other)
      const nested = ['/v/inner', '/v/sub/inner'].map(target => ({ kind: 'bind', source: other, target }) as const)
      const container = await fixture.sleeper(
        { privileged: true },
        { mounts: [{ kind: 'bind', source: host, target: '/v', propagation: 'shared' }, ...nested] },
      )
      const { stdout } = await fixture.exec(container, ['grep', '-c', ' /v/', '/proc/mounts'], { privileged: true })
      assert.equal(stdout, '3\n')
      assert.deepEqual(mounted(), ['/sub'])
      for (const place of ['/made', '/sub/made']) {
        const mount = await fixture.exec(container, ['mount', '-t', 'tmpfs', 'x', `/v${place}`], { privileged: true })
        assert.equal(mount.exit.exitCode, 0, mount.stderr)
      }
      assert.deepEqual(mounted(), ['/sub', '/made', '/sub/made'])
      mountShared(path.join(host, 'late'))
      const seen = await fixture.exec(container, ['grep', '-c', ' /v/late ', '/proc/mounts'], { privileged: true })
      assert.equal(seen.stdout, '1\n')
      await fixture.end(container.id)
      for (const place of ['sub/made', 'made', 'late', 'sub']) unmountAll(path.join(host, place))
      assert.deepEqual(mounted(), [])
    } finally {
      unmountAll(host)
    }
  })
})
