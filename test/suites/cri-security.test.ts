// Security contexts as clients of CRI see them: users and groups, capabilities, privileges, paths, seccomp profiles.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import {
  type LinuxContainerSecurityContext,
  SecurityProfileProfileType,
  SupplementalGroupsPolicy,
} from '../../proto/gen/cri.ts'
import { nothing, RuntimeFixture } from './runtime-harness.ts'

const { RuntimeDefault, Unconfined, Localhost } = SecurityProfileProfileType

describe('a security context', { timeout: 120_000 }, () => {
  let fixture: RuntimeFixture
  let pod: string
  let privilegedPod: string
  before(async () => {
    fixture = await new RuntimeFixture().open()
    pod = await fixture.runBarePod('create-PodSandbox-for-container')
    privilegedPod = await fixture.runBarePod('privileged', { linux: { securityContext: { privileged: true } } })
  })
  after(async () => {
    for (const podSandboxId of [pod, privilegedPod]) await fixture.client.removePodSandbox({ podSandboxId })
    assert.deepEqual(fixture.said, [])
    assert.deepEqual(await fixture.close(), nothing)
  })

  const run = (securityContext: LinuxContainerSecurityContext, command = ['top'], sandbox = pod): Promise<string> =>
    fixture.runBareContainer(sandbox, command, { linux: { securityContext } })
  const said = async (id: string, ...command: string[]): Promise<string> => (await fixture.exec(id, ...command)).stdout

  describe('of users and groups', () => {
    it('runs as the user, by number or by name', async () => {
      assert.equal(await said(await run({ runAsUser: { value: 1001 } }), 'id', '-u'), '1001\n')
      assert.equal(await said(await run({ runAsUsername: 'nobody' }), 'id', '-nu'), 'nobody\n')
    })

    it('runs as the group, but only beside a user', async () => {
      const id = await run({ runAsUser: { value: 1001 }, runAsGroup: { value: 1002 } })
      assert.equal(await said(id, 'sh', '-c', 'echo $(id -u):$(id -g)'), '1001:1002\n')
      await assert.rejects(run({ runAsGroup: { value: 1002 } }), { code: 'INVALID_ARGUMENT', message: /run_as_group/ })
    })

    it('adds groups', async () => {
      const groups = (await said(await run({ supplementalGroups: [1234, 5678] }), 'id', '-G')).trim().split(' ')
      assert.ok(groups.includes('1234') && groups.includes('5678'))
    })

    for (const [policy, expected] of [
      ['Merge', [1003, 1234, 50000]],
      ['Strict', [1003, 1234]],
    ] as const) {
      it(`${policy}: the image’s groups of the user are ${policy === 'Merge' ? '' : 'not '}added, and told`, async () => {
        const context = {
          runAsUser: { value: 1003 },
          supplementalGroups: [1234],
          supplementalGroupsPolicy: SupplementalGroupsPolicy[policy],
        }
        const id = await run(context, ['sh', '-c', 'id -G > /tmp/first; exec sleep 1000'])
        const { linux } = (await fixture.status(id)).user ?? {}
        assert.deepEqual([linux?.uid, linux?.gid], [1003, 1003])
        assert.deepEqual(
          linux?.supplementalGroups?.toSorted((left, right) => left - right),
          expected,
        )
        const groups = `${expected.join(' ')}\n`
        assert.equal(await said(id, 'cat', '/tmp/first'), groups)
        assert.equal(await said(id, 'id', '-G'), groups)
      })
    }
  })

  describe('of the root', () => {
    it('is writable unless it says otherwise', async () => {
      const script = ['sh', '-c', 'touch test.go && [ -f test.go ] && echo Found']
      const writable = await run({ readonlyRootfs: false })
      assert.equal((await fixture.exec(writable, ...script)).stdout, 'Found\n')
      const readOnly = await run({ readonlyRootfs: true })
      assert.equal((await fixture.exec(readOnly, ...script)).stderr, 'touch: test.go: Read-only file system\n')
    })

    it('has masked and read-only paths', async () => {
      const masked = await run({ maskedPaths: ['/bin/ls'] })
      // By its path: Debian's busybox has an ls in its shell.
      const { stderr, exitCode } = await fixture.exec(masked, '/bin/sh', '-c', '/bin/ls')
      assert.deepEqual([stderr, exitCode], ['/bin/sh: /bin/ls: Permission denied\n', 126])
      const readOnly = await run({ readonlyPaths: ['/tmp'] })
      assert.equal(
        (await fixture.exec(readOnly, 'touch', '/tmp/test')).stderr,
        'touch: /tmp/test: Read-only file system\n',
      )
    })
  })

  describe('of privileges', () => {
    /** Whether it may make a network interface. */
    const managesNetwork = async (id: string): Promise<boolean> =>
      (await fixture.exec(id, 'ip', 'link', 'add', 'foobar', 'type', 'bridge')).exitCode === 0
    const bounding = async (id: string): Promise<string | undefined> =>
      /CapBnd:\s(\w+)/.exec(await said(id, 'cat', '/proc/self/status'))?.[1]

    it('has them all, or those of everybody', async () => {
      assert.equal(await managesNetwork(await run({ privileged: true }, ['top'], privilegedPod)), true)
      assert.equal(await managesNetwork(await run({ privileged: false })), false)
      await assert.rejects(run({ privileged: true }), { code: 'INVALID_ARGUMENT', message: /privileged/ })
    })

    it('adds and drops capabilities', async () => {
      assert.equal(await managesNetwork(await run({ capabilities: { addCapabilities: ['NET_ADMIN'] } })), true)
      assert.notEqual(await bounding(await run({ capabilities: { addCapabilities: ['ALL'] } })), '0000000000000000')
      assert.equal(await bounding(await run({ capabilities: { dropCapabilities: ['ALL'] } })), '0000000000000000')
      const raw = 1n << 13n
      const without = await bounding(await run({ capabilities: { dropCapabilities: ['NET_RAW'] } }))
      assert.equal(BigInt(`0x${without}`) & raw, 0n)
    })

    it('adds ambient capabilities to all sets, for a user that is not root', async () => {
      const id = await run({
        runAsUser: { value: 1001 },
        capabilities: { addAmbientCapabilities: ['SYS_TIME'], dropCapabilities: ['ALL'] },
      })
      const status = await said(id, 'cat', '/proc/self/status')
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
        assert.match(status, new RegExp(`^${set}:\\t0000000002000000$`, 'm'), status)
      }
    })

    it('lets a setuid program become root, unless it may gain no privileges', async () => {
      for (const [noNewPrivs, euid] of [
        [true, '1000'],
        [false, '0'],
      ] as const) {
        const id = await run({ noNewPrivs, runAsUser: { value: 1000 } })
        const { stdout, stderr } = await fixture.exec(id, '/setuid/busybox', 'su', '-c', 'id -u')
        if (noNewPrivs) assert.match(stderr, /must be suid/)
        else assert.equal(stdout, `${euid}\n`)
      }
    })
  })

  describe('of seccomp', () => {
    let blockHostname: string
    let blockChmod: string
    before(() => {
      const profile = (name: string, names: string[]): string => {
        const file = path.join(fixture.folder, name)
        const syscalls = [{ names, action: 'SCMP_ACT_ERRNO' }]
        writeFileSync(file, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls }))
        return file
      }
      blockHostname = profile('block-host-name.json', ['sethostname'])
      blockChmod = profile('block-chmod.json', ['chmod', 'fchmodat', 'fchmodat2'])
    })

    const mode = async (context: LinuxContainerSecurityContext): Promise<string> =>
      said(await run(context), 'grep', 'Seccomp:', '/proc/self/status')
    const setsHostname = async (id: string): Promise<boolean> =>
      (await fixture.exec(id, 'hostname', 'ANewHostName')).exitCode === 0

    it('filters by default when asked to, and not at all when told nothing', async () => {
      assert.equal(await mode({ seccomp: {} }), 'Seccomp:\t2\n')
      assert.equal(await mode({ seccomp: { profileType: RuntimeDefault } }), 'Seccomp:\t2\n')
      assert.equal(await mode({ seccomp: { profileType: Unconfined } }), 'Seccomp:\t0\n')
      assert.equal(await mode({}), 'Seccomp:\t0\n')
    })

    it('filters as a profile of the machine says, wherever it is', async () => {
      const id = await run({ seccomp: { profileType: Localhost, localhostRef: blockChmod } })
      const { stderr, exitCode } = await fixture.exec(id, 'chmod', '400', '/')
      assert.notEqual(exitCode, 0)
      assert.match(stderr, /Operation not permitted/)
    })

    it('takes the profile by the field it had before, too', async () => {
      assert.equal(await mode({ seccompProfilePath: 'runtime/default' }), 'Seccomp:\t2\n')
      assert.equal(await mode({ seccompProfilePath: 'unconfined' }), 'Seccomp:\t0\n')
      assert.equal(await mode({ seccompProfilePath: `localhost/${blockChmod}` }), 'Seccomp:\t2\n')
      await assert.rejects(mode({ seccompProfilePath: 'other' }), { code: 'INVALID_ARGUMENT' })
    })

    it('stands above capabilities, and below privileges', async () => {
      const capabilities = { addCapabilities: ['SYS_ADMIN'] }
      const seccomp = { profileType: Localhost, localhostRef: blockHostname }
      assert.equal(await setsHostname(await run({ capabilities, seccomp: { profileType: Unconfined } })), true)
      assert.equal(await setsHostname(await run({ capabilities, seccomp })), false)
      assert.equal(await setsHostname(await run({ privileged: true, seccomp }, ['top'], privilegedPod)), true)
    })
  })

  it('of AppArmor is refused where the kernel has none, unless it asks for nothing', async () => {
    for (const profileType of [RuntimeDefault, Unconfined]) await run({ apparmor: { profileType } })
    await assert.rejects(run({ apparmor: { profileType: Localhost, localhostRef: 'mine' } }), { code: 'UNIMPLEMENTED' })
  })
})
