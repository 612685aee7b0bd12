// The launcher on the real kernel: what a container finds, how it ends, and what survives whose death.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync as symlink,
  writeFileSync,
} from 'node:fs'
import net from 'node:net'
import { release } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { buildContainerPlan, buildExecPlan } from '../../node-agent/runtime/container/build-plan.ts'
import { StartError } from '../../node-agent/runtime/launcher/client.ts'
import { openExecStreams, openTerminal } from '../../node-agent/runtime/launcher/terminal.ts'
import { defaultCapabilities } from '../../node-agent/runtime/security/capabilities.ts'
import { seccompFilters } from '../../node-agent/runtime/security/seccomp-filters.ts'
import { makeFifo } from '../../node-agent/sys/fifo.ts'
import { processStartTime } from '../../node-agent/sys/process.ts'
import { eventually, LauncherFixture } from './launcher-harness.ts'

const fixture = new LauncherFixture()
before(() => fixture.open())
after(() => fixture.close())

const failure = async (start: Promise<unknown>): Promise<StartError> => {
  const error: unknown = await start.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof StartError, `expected a StartError, got ${String(error)}`)
  return error
}

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
      root: '/nowhere',
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

describe('a failing start', () => {
  const cases: readonly (readonly [string, readonly string[], RegExp, number])[] = [
    ['a name that is not in PATH', ['nosuch'], /^exec: "nosuch": executable file not found in \$PATH$/, 127],
    [
      'a path that does not exist',
      ['/bin/nosuch'],
      /^exec: "\/bin\/nosuch": stat \/bin\/nosuch: no such file or directory$/,
      127,
    ],
    ['a file that is not executable', ['/etc/passwd'], /^exec: "\/etc\/passwd": permission denied$/, 126],
    ['a folder', ['/etc'], /^exec: "\/etc": is a directory$/, 126],
    ['what is no program', ['/bin/garbage'], /^exec \/bin\/garbage: exec format error/, 126],
    [
      'a script whose interpreter is missing',
      ['/bin/script'],
      /^exec \/bin\/script: no such file or directory \(the file is there/,
      127,
    ],
  ]
  before(() => {
    writeFileSync(path.join(fixture.layer, 'bin/garbage'), 'garbage', { mode: 0o755 })
    writeFileSync(path.join(fixture.layer, 'bin/script'), '#!/bin/nosuch\n', { mode: 0o755 })
  })
  for (const [what, argv, message, exitCode] of cases) {
    it(`for ${what} says so and leaves nothing`, async () => {
      const error = await failure(fixture.run(argv))
      assert.match(error.message, message)
      assert.equal(error.failure.exitCode, exitCode)
      assert.equal(error.failure.step, 'execute')
      assert.deepEqual(fixture.stateFiles(), [])
    })
  }

  it('names the step, the call, and what it was done to', async () => {
    const error = await failure(
      fixture.run(['true'], {}, { mounts: [{ kind: 'bind', source: '/nosuch/volume', target: '/v' }] }),
    )
    assert.equal(error.message, 'bind: open_tree /nosuch/volume: ENOENT')
    const layers = await failure(
      fixture.run(
        ['true'],
        {},
        { root: { kind: 'overlay', lower: ['/nosuch'], upper: '/tmp', work: '/tmp', target: '/tmp' } },
      ),
    )
    assert.match(layers.message, /^mountOverlay: mount overlay on \/tmp: E/)
  })

  it('refuses an id twice', async () => {
    const spec = fixture.spec(['sleep', '1000'])
    await fixture.launcher.start(buildContainerPlan(spec))
    assert.equal((await failure(fixture.launcher.start(buildContainerPlan(spec)))).failure.reason, 'AlreadyExists')
    await fixture.end(spec.id)
  })
})

describe('a hostile image', () => {
  const rooted = (links: Readonly<Record<string, string>>) => {
    const layer = path.join(fixture.folder, `hostile-${Math.random().toString(36).slice(2)}`)
    mkdirSync(layer)
    for (const [name, target] of Object.entries(links)) {
      mkdirSync(path.dirname(path.join(layer, name)), { recursive: true })
      symlink(target, path.join(layer, name))
    }
    const base = fixture.spec(['true'])
    assert.ok(base.root.kind === 'overlay')
    return { ...base.root, lower: [layer, fixture.layer] }
  }

  for (const target of ['/proc', '/dev', '/sys'] as const) {
    it(`cannot move ${target} elsewhere`, async () => {
      const root = rooted({ [target.slice(1)]: '/tmp' })
      const error = await failure(fixture.run(['true'], {}, { root }))
      assert.match(error.message, new RegExp(`the image makes ${target} a symbolic link`))
    })
  }

  it('cannot lead a mount out of its root', async () => {
    const canary = path.join(fixture.folder, 'canary')
    mkdirSync(canary)
    const up = '../'.repeat(20)
    for (const link of [canary, `${up}${canary.slice(1)}`, '/proc/self/cwd', '/proc/1/root']) {
      const root = rooted({ data: link })
      await fixture
        .run(
          ['sh', '-c', 'echo escaped > /data/file'],
          {},
          {
            root,
            mounts: [
              { kind: 'tmpfs', target: '/data' },
              { kind: 'tmpfs', target: '/data/../data/deep' },
            ],
          },
        )
        .catch((error: unknown) => assert.ok(error instanceof StartError))
      assert.deepEqual(readdirSync(canary), [], link)
    }
    assert.doesNotMatch(readFileSync('/proc/mounts', 'utf8'), new RegExp(canary))
  })

  it('cannot have a volume mounted into /proc', async () => {
    for (const target of ['/proc/self/attr', '/proc', '/data']) {
      const root = rooted({ data: '/proc/sys' })
      const error = await failure(
        fixture.run(['true'], {}, { root, mounts: [{ kind: 'bind', source: fixture.folder, target }] }),
      )
      assert.match(error.message, /lies in \/proc/)
    }
  })

  it('cannot have its working directory lead to a descriptor of the host', async () => {
    for (let fd = 3; fd < 40; fd += 6) {
      const error = await failure(fixture.run(['ls'], { workingDirectory: `/proc/self/fd/${fd}` }))
      assert.ok(['InvalidPlan', 'SystemCall'].includes(error.failure.reason), error.message)
    }
  })

  it('cannot write to the program it is made by', async () => {
    const { stdout, stderr } = await fixture
      .run(['/proc/self/exe', '-e', "try{require('fs').openSync('/proc/self/exe','r+')}catch(e){console.log(e.code)}"])
      .catch((error: unknown) => ({ stdout: 'refused', stderr: String(error) }))
    assert.match(`${stdout}${stderr}`, /refused|EROFS|ETXTBSY|not found/)
    const { pid } = await fixture.launcher.info()
    assert.throws(() => writeFileSync(`/proc/${pid}/exe`, ''), { code: /EROFS|ETXTBSY/ })
  })
})

describe('exec', () => {
  it('joins the container and reports its own end', async () => {
    const container = await fixture.sleeper()
    const { stdout, exit, started } = await fixture.exec(container, ['sh', '-c', 'ps -o pid,comm; exit 7'])
    assert.match(stdout, /^ +1 sleep$/m)
    assert.equal(exit.exitCode, 7)
    assert.equal(exit.kind, 'exec')
    for (const kind of ['pid', 'mnt', 'net', 'ipc', 'uts', 'cgroup']) {
      const link = await fixture.exec(container, ['readlink', `/proc/self/ns/${kind}`])
      assert.equal(link.stdout.trim(), readlinkSync(`/proc/${container.pid}/ns/${kind}`), kind)
    }
    assert.notEqual(started.pid, container.pid)
    await fixture.end(container.id)
  })

  it('passes standard input on and sees its end', async () => {
    const container = await fixture.sleeper()
    const streams = openExecStreams({ stdin: true })
    const id = fixture.newId()
    const process = fixture.spec(['wc', '-c'], { stdio: { kind: 'streams', ...streams.sources } }).process
    await fixture.launcher.start(buildExecPlan({ id, container, process }))
    streams.started()
    streams.stdin?.end(Buffer.alloc(300_000, 'x'))
    const chunks: Buffer[] = []
    for await (const chunk of streams.stdout) chunks.push(chunk as Buffer)
    assert.equal(Buffer.concat(chunks).toString().trim(), '300000')
    await fixture.exitOf(id)
    await fixture.launcher.acknowledge([id])
    await fixture.end(container.id)
  })

  it('ends with its container, and refuses one that is gone', async () => {
    const container = await fixture.sleeper()
    const id = fixture.newId()
    const { process } = fixture.spec(['sleep', '1000'])
    await fixture.launcher.start(buildExecPlan({ id, container, process }))
    await fixture.end(container.id)
    assert.equal((await fixture.exitOf(id)).exitCode, 137)
    await fixture.launcher.acknowledge([id])
    const error = await failure(fixture.exec(container, ['true']))
    assert.equal(error.message, `the container's process ${container.pid} is not running`)
  })

  it('fails like a start does', async () => {
    const container = await fixture.sleeper()
    assert.equal((await failure(fixture.exec(container, ['nosuch']))).failure.exitCode, 127)
    await fixture.end(container.id)
  })
})

describe('a terminal', () => {
  const terminal = { kind: 'terminal', columns: 80, rows: 24 } as const

  it('is one of the container, can be resized, and gives the last output', async () => {
    const script = 'tty; stty size; read line; stty size; echo got $line; ls -l /dev/console'
    const spec = fixture.spec(['sh', '-c', script], { stdio: terminal })
    const started = await fixture.launcher.start(buildContainerPlan(spec))
    assert.ok(started.terminalFd !== undefined)
    const { pid } = await fixture.launcher.info()
    const { stream, resize } = openTerminal(pid, started.terminalFd)
    let output = ''
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    await eventually('the prompt', () => output.includes('24 80'))
    resize(132, 50)
    stream.write('hello\n')
    await fixture.exitOf(spec.id)
    await eventually('the end', () => stream.destroyed || stream.closed)
    assert.match(output, /^\/dev\/pts\/0\r\n24 80\r\n/)
    assert.match(output, /50 132\r\ngot hello\r\n.*\/dev\/console\r\n$/s)
    await fixture.launcher.acknowledge([spec.id])
  })

  it('works for exec too, with Ctrl-C', async () => {
    const container = await fixture.sleeper()
    const id = fixture.newId()
    const { process } = fixture.spec(['sleep', '1000'], { stdio: terminal })
    const started = await fixture.launcher.start(buildExecPlan({ id, container, process }))
    const { pid } = await fixture.launcher.info()
    const { stream } = openTerminal(pid, started.terminalFd ?? -1)
    stream.resume()
    stream.write('\x03')
    const exit = await fixture.exitOf(id)
    assert.equal(exit.signal, 2)
    stream.destroy()
    await fixture.launcher.acknowledge([id])
    await fixture.end(container.id)
  })
})

describe('survival', () => {
  it('keeps writers alive when the reader of a FIFO goes, and loses no line', async () => {
    const fifo = path.join(fixture.folder, 'out.fifo')
    makeFifo(fifo)
    const held = { kind: 'fifo', path: fifo, hold: true } as const
    const script = 'i=0; while [ $i -lt 3000 ]; do echo "line $i of a log that is read twice"; i=$((i+1)); done'
    const spec = fixture.spec(['sh', '-c', `${script}; exit 3`], {
      stdio: { kind: 'streams', stdin: { kind: 'null' }, stdout: held, stderr: held },
    })
    let output = ''
    const read = (): net.Socket => {
      const socket = new net.Socket({ fd: openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK), writable: false })
      return socket.on('data', (chunk: Buffer) => {
        output += chunk.toString()
      })
    }
    const first = read()
    // It leaves with the first chunk, a pipe's fill at most: before the program has said all.
    first.once('data', () => first.destroy())
    const left = once(first, 'close')
    await fixture.launcher.start(buildContainerPlan(spec))
    await left
    const second = read()
    assert.equal((await fixture.exitOf(spec.id)).exitCode, 3)
    await eventually('the last line', () => output.includes('line 2999 '))
    second.destroy()
    const lines = output.trimEnd().split('\n')
    assert.deepEqual(
      lines,
      Array.from({ length: 3000 }, (_, index) => `line ${index} of a log that is read twice`),
    )
    await fixture.launcher.acknowledge([spec.id])
  })

  it('tells a client that comes later what ended, until it is acknowledged', async () => {
    const spec = fixture.spec(['sh', '-c', 'exit 9'])
    await fixture.launcher.start(buildContainerPlan(spec))
    await fixture.exitOf(spec.id)
    const second = await fixture.connect()
    assert.deepEqual(
      (await second.list()).exits.map(exit => [exit.id, exit.exitCode]),
      [[spec.id, 9]],
    )
    await second.acknowledge([spec.id])
    assert.deepEqual((await fixture.launcher.list()).exits, [])
    assert.deepEqual(fixture.stateFiles(), [])
    second.close()
  })

  it('cuts off what does not speak its language, and serves the others', async () => {
    const socket = net.connect(fixture.socket)
    socket.on('error', () => undefined)
    socket.write('GET / HTTP/1.1\r\n\r\n')
    await eventually('the cut', () => socket.closed || socket.destroyed)
    assert.ok((await fixture.launcher.info()).pid > 0)
  })

  it('finds containers again after the launcher was killed, and tells how they end', async () => {
    const staying = await fixture.sleeper()
    const waiting = fixture.spec(['sh', '-c', 'while [ ! -e /end ]; do sleep 0.05; done; exit 5'])
    const ending = await fixture.launcher.start(buildContainerPlan(waiting))
    const { pid } = await fixture.launcher.info()
    process.kill(pid, 'SIGKILL')
    await eventually('a new launcher', async () => {
      try {
        return (await fixture.launcher.info()).pid !== pid
      } catch {
        return false
      }
    })
    const { running } = await fixture.launcher.list()
    assert.deepEqual(running.map(record => record.id).sort(), [staying.id, ending.id].sort())
    assert.equal(processStartTime(staying.pid), staying.startTime)
    await fixture.exec(ending, ['touch', '/end'])
    const exit = await fixture.exitOf(ending.id)
    // Nobody but its parent learns how a process ended before Linux 6.15.
    assert.ok(exit.lost === true ? exit.exitCode === 255 : exit.exitCode === 5)
    const { stdout } = await fixture.exec(staying, ['echo', 'alive'])
    assert.equal(stdout, 'alive\n')
    await fixture.end(staying.id)
    await fixture.launcher.acknowledge([ending.id])
  })

  it('leaves no zombie and no descriptor behind', async () => {
    const { pid } = await fixture.launcher.info()
    const descriptors = (): number => readdirSync(`/proc/${pid}/fd`).length
    const children = (): number[] =>
      (readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').match(/\d+/g) ?? []).map(Number)
    await fixture.run(['true'])
    // Besides what it runs, the launcher has one child that waits for the next plan.
    await eventually('a spare child', () => children().length === 1)
    const before = descriptors()
    await Promise.all(Array.from({ length: 30 }, () => fixture.run(['true'])))
    await Promise.allSettled(Array.from({ length: 10 }, () => fixture.run(['nosuch'])))
    await eventually('one child', () => children().length === 1 && descriptors() === before)
    const [spare] = children()
    assert.ok(spare !== undefined && spare > 1)
    process.kill(spare, 'SIGKILL')
    await eventually('no zombie', () => !children().includes(spare))
    assert.equal((await fixture.run(['true'])).exit.exitCode, 0)
    assert.deepEqual(fixture.stateFiles(), [])
    assert.equal(fixture.logText().replace(/.*cut off.*\n/, ''), '')
  })
})
