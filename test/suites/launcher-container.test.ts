// What a container finds on the real kernel: its processes, mounts, user, privileges, volumes.
import assert from 'node:assert/strict'
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type ProcessSpec, type RootSpec } from '../../node-agent/runtime/container/container-spec.ts'
import { defaultCapabilities } from '../../node-agent/runtime/security/capabilities.ts'
import { seccompFilters } from '../../node-agent/runtime/security/seccomp-filters.ts'
import { AT_FDCWD, closeFd } from '../../node-agent/sys/fd.ts'
import { makeNode } from '../../node-agent/sys/fifo.ts'
import { attachMountAt, createFileSystem, setTreePropagation, unmountAll } from '../../node-agent/sys/mount.ts'
import { failure, LauncherFixture } from './launcher-harness.ts'

const fixture = new LauncherFixture()
before(() => fixture.open())
after(() => fixture.close())

describe('a container', () => {
  it('is PID 1 with its root, its processes and nothing of the host', async () => {
    const { stdout, stderr, exit } = await fixture.run([
      'sh',
      '-c',
      'echo $$; ls /; ls /proc/self/fd | wc -l; ps -o pid,comm',
    ])
    assert.equal(stderr, '')
    assert.equal(exit.exitCode, 0)
    const lines = stdout.split('\n')
    assert.equal(lines[0], '1')
    assert.deepEqual(lines.slice(1, 9), ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'tmp'])
    // 0, 1, 2, and the folder ls itself reads: nothing was inherited.
    assert.equal(lines[9]?.trim(), '4')
    assert.match(stdout, /COMMAND\n +1 \w+\n$/)
  })

  it('finds nothing below its root, whatever it takes away', async () => {
    const uncover = 'umount -l /; nsenter --mount=/proc/self/ns/mnt /bin/ls -a / || echo empty'
    const { stdout } = await fixture.run(['sh', '-c', uncover], { privileged: true })
    assert.equal(stdout, 'empty\n')
  })

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

  it('tells its exit code and the signal that ended it', async () => {
    assert.equal((await fixture.run(['sh', '-c', 'exit 42'])).exit.exitCode, 42)
    const started = await fixture.sleeper()
    const exit = await fixture.end(started.id)
    assert.equal(exit.exitCode, 137)
    assert.equal(exit.signal, 9)
    assert.equal(exit.pid, started.pid)
    assert.ok(exit.exitedAtMs >= exit.startedAtMs)
  })

  it('starts with default signal dispositions and an empty mask', async () => {
    const { stdout } = await fixture.run(['grep', '-E', '^Sig(Blk|Ign|Cgt)', '/proc/self/status'])
    assert.deepEqual(stdout.match(/[0-9a-f]{16}/g), Array(3).fill('0000000000000000'))
  })

  it('has the default capabilities, and changes as asked', async () => {
    const sets = async (process: Parameters<typeof fixture.run>[1]): Promise<string[]> =>
      (await fixture.run(['grep', '^Cap', '/proc/self/status'], process)).stdout
        .split('\n')
        .map(line => line.split('\t')[1] ?? '')
    const [inherited, permitted, effective, bounding, ambient] = await sets({})
    assert.deepEqual([permitted, effective, bounding], Array(3).fill('00000000a80425fb'))
    assert.deepEqual([inherited, ambient], Array(2).fill('0000000000000000'))
    const none = await sets({ capabilities: { add: [], drop: ['ALL'], ambient: [] } })
    assert.deepEqual(none.slice(0, 5), Array(5).fill('0000000000000000'))
    // A user's program has none, unless they are ambient.
    const web = { user: { user: 'web', supplementaryGroups: [], mergeImageGroups: false } }
    assert.equal((await sets(web))[1], '0000000000000000')
    const bind = await sets({
      ...web,
      capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'], ambient: ['NET_BIND_SERVICE'] },
    })
    assert.deepEqual(bind.slice(0, 5), Array(5).fill('0000000000000400'))
  })

  it('runs as the user named in its own /etc/passwd', async () => {
    const { stdout, started } = await fixture.run(['sh', '-c', 'id; echo $HOME'], {
      user: { user: 'web', supplementaryGroups: [777], mergeImageGroups: true },
    })
    assert.match(
      stdout,
      /^uid=1000\(web\) gid=1001\(web\) groups=44\(video\),50\(staff\),777,1001\(web\)\n\/home\/web$/m,
    )
    assert.deepEqual(started.user, { uid: 1000, gid: 1001, supplementaryGroups: [1001, 50, 44, 777] })
    const strict = await fixture.run(['id'], {
      user: { user: '1000:50', supplementaryGroups: [], mergeImageGroups: false },
    })
    assert.match(strict.stdout, /^uid=1000\(web\) gid=50\(staff\) groups=50\(staff\)$/m)
    const unknown = await fixture.run(['id'], {
      user: { user: '4242', supplementaryGroups: [], mergeImageGroups: true },
    })
    assert.match(unknown.stdout, /^uid=4242 gid=0\(root\)/)
    const refused = await failure(
      fixture.run(['id'], { user: { user: 'nosuch', supplementaryGroups: [], mergeImageGroups: true } }),
    )
    assert.equal(refused.message, "unable to find user nosuch: no matching entries in the image's /etc/passwd")
    assert.equal(refused.failure.reason, 'InvalidPlan')
  })

  it('may write to its own streams by /dev/stdout as a mere user', async () => {
    const user = { user: 'web', supplementaryGroups: [], mergeImageGroups: true }
    const { stdout } = await fixture.run(['sh', '-c', 'echo hello > /dev/stdout'], { user })
    assert.equal(stdout, 'hello\n')
  })

  it('has no file of the host open, whoever it runs as', async () => {
    const identity = (file: string): string => {
      const { dev, ino } = statSync(file)
      return `${dev} ${ino}`
    }
    const look = ['stat', '-L', '-c', '%d %i %u', '/dev/null', '/proc/self/fd/0']
    for (const user of ['', 'web', '4242']) {
      const { stdout } = await fixture.run(look, { user: { user, supplementaryGroups: [], mergeImageGroups: true } })
      const [own, stdin] = stdout.trim().split('\n')
      assert.equal(stdin, own)
      assert.match(stdin ?? '', / 0$/)
      assert.notEqual(stdin, `${identity('/dev/null')} 0`)
    }
    const nowhere = { kind: 'null' } as const
    const stdio = { kind: 'streams', stdin: nowhere, stdout: nowhere, stderr: nowhere } as const
    const started = await fixture.sleeper({
      stdio,
      user: { user: '4242', supplementaryGroups: [], mergeImageGroups: true },
    })
    for (const fd of [0, 1, 2]) assert.notEqual(identity(`/proc/${started.pid}/fd/${fd}`), identity('/dev/null'))
    await fixture.end(started.id)
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

  it('begins with nothing of the launcher: mask, descriptors, session, slack and core filter are the system’s own', async () => {
    const look = [
      'umask',
      'ls /proc/self/fd | wc -l',
      'cut -d" " -f1,5,6 /proc/1/stat',
      'read slack < /proc/self/timerslack_ns; echo $slack; cat /proc/1/coredump_filter',
      'cut -d" " -f18,19,40,41 /proc/1/stat',
      'stat -f -c "%b %S" /dev/shm',
    ]
    const { stdout } = await fixture.run(['sh', '-c', look.join('; ')])
    const [umask, descriptors, ids, slack, filter, scheduling, shm] = stdout.trim().split('\n')
    // Besides the three streams, the folder that ls(1) reads.
    assert.deepEqual([umask, descriptors, ids], ['0022', '4', '1 1 1'])
    assert.deepEqual([slack, filter], ['50000', '00000033'])
    // Priority and nice value, real-time priority and policy.
    assert.equal(scheduling, '20 0 0 0')
    const [blocks = 0, size = 0] = (shm ?? '').split(' ').map(Number)
    assert.equal(blocks * size, 64 << 20)
  })

  it('has a session keyring of its own, which no other container sees', async () => {
    const rings = ['grep', ' keyring  *_ses: ', '/proc/keys']
    const container = await fixture.sleeper({}, { maskedPaths: [] })
    const [own, ...others] = (await fixture.exec(container, rings)).stdout.trim().split('\n')
    assert.match(own ?? '', / perm 3f000000 +0 +0 keyring +_ses: empty$/)
    assert.deepEqual(others, [])
    const elsewhere = (await fixture.run(rings, {}, { maskedPaths: [] })).stdout.trim().split('\n')
    assert.equal(elsewhere.length, 1)
    assert.notEqual(elsewhere[0]?.split(' ')[0], own?.split(' ')[0])
    await fixture.end(container.id)
  })

  it('finds its program and its home as execvp(3) and the image say', async () => {
    const sh = async (env: readonly string[], more: Partial<ProcessSpec> = {}): Promise<string> =>
      (await fixture.run(['sh', '-c', 'echo "[$HOME]"'], { env, ...more })).stdout
    const user = { user: 'web', supplementaryGroups: [], mergeImageGroups: true }
    assert.equal(await sh([], { user }), '[/home/web]\n')
    assert.equal(await sh(['HOME=/mine'], { user }), '[/mine]\n')
    assert.equal(await sh(['HOME='], { user }), '[]\n')
    assert.equal(await sh(['PATH='], { workingDirectory: '/bin' }), '[/root]\n')
    const lost = await failure(fixture.run(['sh'], { env: ['PATH='] }))
    assert.equal(lost.message, 'exec: "sh": executable file not found in $PATH')
  })

  it('works in its working directory, which is made when missing', async () => {
    assert.equal((await fixture.run(['pwd'], { workingDirectory: '/srv/app/data' })).stdout, '/srv/app/data\n')
    const look = ['sh', '-c', 'pwd; stat -c "%a %u:%g" .; touch x || echo denied']
    const user = { user: 'web', supplementaryGroups: [], mergeImageGroups: true }
    const made = await fixture.run(look, { workingDirectory: '/made/here', user }, { readOnlyRoot: true })
    assert.equal(made.stdout, '/made/here\n755 0:0\ndenied\n')
    const refused = await failure(fixture.run(['pwd'], { workingDirectory: '/etc/passwd' }))
    assert.match(refused.message, /working directory \/etc\/passwd is, or lies below, something that is no directory/)
    const relative = await failure(fixture.run(['pwd'], { workingDirectory: 'srv' }))
    assert.equal(relative.message, 'working directory srv is not an absolute path')
  })

  it('cannot gain privileges with no_new_privs, and has a read-only root when asked', async () => {
    const { stdout } = await fixture.run(['grep', 'NoNewPrivs', '/proc/self/status'], { noNewPrivileges: true })
    assert.equal(stdout, 'NoNewPrivs:\t1\n')
    const { stderr, exit } = await fixture.run(['touch', '/x'], {}, { readOnlyRoot: true })
    assert.match(stderr, /Read-only file system/)
    assert.equal(exit.exitCode, 1)
  })

  it('is filtered by seccomp, whether it may gain privileges or not', async () => {
    const filters = seccompFilters({
      architecture: process.arch,
      kernel: release(),
      onUnknownNames: () => undefined,
    })
    const seccomp = filters(defaultCapabilities)
    for (const noNewPrivileges of [true, false]) {
      const process = {
        seccomp,
        noNewPrivileges,
        user: { user: 'web', supplementaryGroups: [], mergeImageGroups: false },
      }
      const { stdout } = await fixture.run(
        ['sh', '-c', 'grep Seccomp: /proc/self/status; id -u; unshare -U true'],
        process,
      )
      assert.equal(stdout, 'Seccomp:\t2\n1000\n')
      const { stderr, exit } = await fixture.run(['unshare', '-U', 'true'], process)
      assert.match(stderr, /Operation not permitted/)
      assert.notEqual(exit.exitCode, 0)
    }
    assert.equal((await fixture.run(['unshare', '-U', 'true'])).exit.exitCode, 0)
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

  it('says what this machine cannot do, and runs all the same', async () => {
    const { started, exit } = await fixture.run(['true'], {
      oomScoreAdj: -999,
      // What fs.nr_open allows by default, to those who may raise limits.
      limits: [{ name: 'nofile', soft: 1 << 20, hard: 1 << 20 }],
    })
    assert.equal(exit.exitCode, 0)
    const lowered = readFileSync('/proc/self/status', 'utf8').match(/CapEff:\s*([0-9a-f]+)/)?.[1] ?? '0'
    const maySetResources = (BigInt(`0x${lowered}`) & (1n << 24n)) !== 0n
    assert.equal(started.warnings.length, maySetResources ? 0 : 2)
  })
})
