// What a container finds on the real kernel: its processes, mounts, user, privileges, volumes.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { defaultCapabilities } from '../../node-agent/runtime/security/capabilities.ts'
import { seccompFilters } from '../../node-agent/runtime/security/seccomp-filters.ts'
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
    for (const count of [2, 40, 120]) {
      const lower = Array.from({ length: count }, (_, index) => {
        const layer = path.join(fixture.folder, 'layers', `${count}:${index},\\`)
        mkdirSync(layer, { recursive: true })
        writeFileSync(path.join(layer, `from-${index}`), '')
        return layer
      })
      const { root } = fixture.spec([])
      assert.ok(root.kind === 'overlay')
      const layered = { ...root, lower: [...lower, fixture.layer] }
      const { stdout } = await fixture.run(['sh', '-c', 'ls / | grep -c from-'], {}, { root: layered })
      assert.equal(stdout, `${count}\n`)
    }
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

  it('works in its working directory, which is made when missing', async () => {
    assert.equal((await fixture.run(['pwd'], { workingDirectory: '/srv/app/data' })).stdout, '/srv/app/data\n')
    const refused = await failure(fixture.run(['pwd'], { workingDirectory: '/etc/passwd' }))
    assert.match(refused.message, /working directory \/etc\/passwd is, or lies below, something that is no directory/)
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
