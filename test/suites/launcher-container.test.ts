// What a process of a container finds on the real kernel: who it is, what it may do, what it has open.
import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { release } from 'node:os'
import { after, before, describe, it } from 'node:test'
import { type ProcessSpec } from '../../node-agent/runtime/container/container-spec.ts'
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
