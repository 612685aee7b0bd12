// Starts that must not be: programs that cannot run, and images made to harm.
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, symlinkSync as symlink, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { buildContainerPlan } from '../../node-agent/runtime/container/build-plan.ts'
import { StartError } from '../../node-agent/runtime/launcher/client.ts'
import { failure, LauncherFixture } from './launcher-harness.ts'

const fixture = new LauncherFixture()
before(() => fixture.open())
after(() => fixture.close())

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

  const unfit: readonly (readonly [string, string, readonly string[], string, string, number])[] = [
    ['what is no program', '/bin/garbage', [], 'exec format error', ' (is it built for this architecture, or', 126],
    [
      'a script without its interpreter',
      '/bin/script',
      [],
      'no such file or directory',
      ' (the file is there: its interpreter or dynamic loader is missing)',
      127,
    ],
    ['an argument that is too long', '/bin/true', ['x'.repeat(132_000)], 'argument list too long', '', 126],
  ]
  for (const [what, program, args, complaint, hint, exitCode] of unfit) {
    it(`ends a container with a complaint of its own for ${what}, and tells who asked for a command`, async () => {
      const { exit, stderr } = await fixture.run([program, ...args])
      assert.deepEqual([exit.exitCode, stderr], [1, `exec ${program}: ${complaint}\n`])
      const container = await fixture.sleeper()
      const error = await failure(fixture.exec(container, [program, ...args]))
      assert.ok(error.message.startsWith(`exec ${program}: ${complaint}${hint}`), error.message)
      assert.equal(error.failure.exitCode, exitCode)
      await fixture.end(container.id)
      assert.deepEqual(fixture.stateFiles(), [])
    })
  }

  it('names the step, the call, and what it was done to', async () => {
    const error = await failure(
      fixture.run(['true'], {}, { mounts: [{ kind: 'bind', source: '/nosuch/volume', target: '/v' }] }),
    )
    assert.equal(error.message, 'enterStage: open_tree /nosuch/volume: ENOENT')
    const layers = await failure(
      fixture.run(['true'], {}, { root: { kind: 'overlay', lower: ['/nosuch'], upper: '/tmp', work: '/tmp' } }),
    )
    assert.match(layers.message, /^mountOverlay: fsconfig overlay.*: E/)
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
    assert.match(`${stdout}${stderr}`, /refused|EROFS|ETXTBSY|not found|no such file/)
    const { pid } = await fixture.launcher.info()
    assert.throws(() => writeFileSync(`/proc/${pid}/exe`, ''), { code: /EROFS|ETXTBSY/ })
  })
})
