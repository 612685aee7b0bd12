// Seccomp filters in real containers: what programs may do, and what they are told when they may not.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { syscallNumbers } from '../../node-agent/runtime/security/syscall-table.ts'
import { type LinuxContainerSecurityContext, SecurityProfileProfileType } from '../../proto/gen/cri.ts'
import { eventually } from './launcher-harness.ts'
import { forever, nothing, RuntimeFixture } from './runtime-harness.ts'

const { RuntimeDefault, Unconfined, Localhost } = SecurityProfileProfileType
const { EPERM, ENOSYS } = constants.errno
const killedBySigsys = 128 + constants.signals.SIGSYS
const seccompLine = 'grep Seccomp: /proc/self/status'

/** Bytes of machine code that make one system call, and exit with its error. */
function oneCall(number: number, first: number): Buffer {
  const code = Buffer.alloc(64)
  let at = 0
  if (process.arch === 'arm64') {
    const word = (value: number) => (at = code.writeUInt32LE(value >>> 0, at))
    const move = (register: number, value: number) => word(0xd2800000 | (value << 5) | register)
    move(8, number)
    move(0, first)
    for (const register of [1, 2, 3]) move(register, 0)
    word(0xd4000001) // svc #0
    word(0xcb0003e0) // neg x0, x0
    move(8, 94) // exit_group
    word(0xd4000001)
    return code
  }
  const bytes = (...values: number[]) => values.forEach(value => (at = code.writeUInt8(value, at)))
  const word = (value: number) => (at = code.writeUInt32LE(value, at))
  bytes(0xb8) // mov eax
  word(number)
  bytes(0xbf) // mov edi
  word(first)
  bytes(0x31, 0xf6, 0x31, 0xd2, 0x45, 0x31, 0xd2) // xor esi, edx, r10d
  bytes(0x0f, 0x05) // syscall
  bytes(0xf7, 0xd8, 0x89, 0xc7) // neg eax; mov edi, eax
  bytes(0xb8, 231, 0, 0, 0, 0x0f, 0x05) // exit_group
  return code
}

/** getpid as a 32-bit program calls it, on x86. */
const foreignCall = Buffer.from([0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0x31, 0xff, 0xb8, 231, 0, 0, 0, 0x0f, 0x05])

/** The smallest 64-bit ELF file: one header, one segment, all of it executable. */
function program(code: Buffer): Buffer {
  const address = 0x400000
  const header = Buffer.alloc(120)
  header.write('\x7fELF\x02\x01\x01', 'latin1')
  header.writeUInt16LE(2, 16)
  header.writeUInt16LE(process.arch === 'arm64' ? 183 : 62, 18)
  header.writeUInt32LE(1, 20)
  header.writeBigUInt64LE(BigInt(address + header.length), 24)
  header.writeBigUInt64LE(64n, 32)
  header.writeUInt16LE(64, 52)
  header.writeUInt16LE(56, 54)
  header.writeUInt16LE(1, 56)
  header.writeUInt32LE(1, 64)
  header.writeUInt32LE(5, 68)
  header.writeBigUInt64LE(BigInt(address), 80)
  header.writeBigUInt64LE(BigInt(address), 88)
  const size = BigInt(header.length + code.length)
  header.writeBigUInt64LE(size, 96)
  header.writeBigUInt64LE(size, 104)
  header.writeBigUInt64LE(0x1000n, 112)
  return Buffer.concat([header, code])
}

describe('seccomp', { timeout: 120_000 }, () => {
  let fixture: RuntimeFixture
  let pod: string
  let probes: string
  let containers = 0

  before(async () => {
    assert.equal(process.getuid?.(), 0, 'containers need root')
    fixture = await new RuntimeFixture().open()
    pod = await fixture.runPod({ linux: { securityContext: { privileged: true } } })
    probes = path.join(fixture.folder, 'probes')
    mkdirSync(probes)
    const numbers = syscallNumbers(process.arch === 'arm64' ? 'arm64' : 'x64')
    const probe = (name: string, call: string, first: number): void =>
      writeFileSync(path.join(probes, name), program(oneCall(numbers.get(call) ?? -1, first)), { mode: 0o755 })
    probe('keyctl', 'keyctl', 0xfff)
    probe('vsock', 'socket', 40)
    probe('clone3', 'clone3', 0)
    writeFileSync(path.join(probes, 'foreign'), program(foreignCall), { mode: 0o755 })
    mkdirSync(path.dirname(profile('x')))
  })
  after(async () => {
    assert.deepEqual(await fixture.close(), nothing)
  })

  const start = (securityContext: LinuxContainerSecurityContext, script = forever): Promise<string> =>
    fixture.runContainer(pod, `c${containers++}`, script, {
      mounts: [{ containerPath: '/probes', hostPath: probes, readonly: true }],
      linux: { securityContext },
    })
  /** The exit code of a command in a running container. */
  const code = async (id: string, command: string): Promise<number> => (await fixture.sh(id, command)).exitCode
  const profile = (name: string): string => path.join(fixture.folder, 'profiles', name)
  const writeProfile = (name: string, content: object): void => writeFileSync(profile(name), JSON.stringify(content))

  it('RuntimeDefault lets programs work and keeps them from the kernel’s corners', async () => {
    const id = await start({ seccomp: { profileType: RuntimeDefault } }, `${seccompLine}; ${forever}`)
    const { stdout } = await fixture.sh(id, 'mkdir /tmp/a && echo x | cat > /tmp/a/b && ls /tmp/a && wc -c < /tmp/a/b')
    assert.equal(stdout, 'b\n2\n')
    assert.match((await fixture.sh(id, seccompLine)).stdout, /Seccomp:\t2/, 'an exec is filtered too')
    const unshare = await fixture.sh(id, '/bin/busybox unshare -U true')
    assert.match(unshare.stderr, /Operation not permitted/)
    assert.equal(await code(id, '/probes/keyctl'), EPERM)
    assert.equal(await code(id, '/probes/vsock'), EPERM)
    assert.equal(await code(id, '/probes/clone3'), ENOSYS)
    await eventually('its own line in the log', async () => (await fixture.log(id)).length > 0)
    assert.match((await fixture.log(id))[0]?.text ?? '', /^Seccomp:\t2$/)
  })

  it('calls of a foreign architecture end the program', { skip: process.arch !== 'x64' }, async () => {
    const id = await start({ seccomp: { profileType: RuntimeDefault } })
    assert.equal(await code(id, '/probes/foreign'), killedBySigsys)
  })

  it('Unconfined, saying nothing, and privileged mean no filter', async () => {
    const unconfined = await start({ seccomp: { profileType: Unconfined } })
    assert.notEqual(await code(unconfined, '/probes/keyctl'), EPERM)
    assert.notEqual(await code(unconfined, '/probes/clone3'), ENOSYS)
    const silent = await start({})
    const privileged = await start({ privileged: true, seccomp: { profileType: RuntimeDefault } })
    for (const id of [unconfined, silent, privileged])
      assert.match((await fixture.sh(id, seccompLine)).stdout, /Seccomp:\t0/)
  })

  it('asks nothing of a profile but what the program itself calls, whoever it runs as', async () => {
    const names = ['execve', 'arch_prctl', 'brk', 'getuid', 'setuid', 'setgid', 'getgid', 'mmap', 'mprotect', 'write']
    const others = ['exit_group', 'prctl', 'readlink', 'set_robust_list', 'set_tid_address', 'rseq', 'prlimit64']
    writeProfile('small.json', {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: [...names, ...others, 'getrandom', 'newfstatat', 'fstat', 'writev'], action: 'SCMP_ACT_ALLOW' },
      ],
    })
    for (const runAsUser of [{ value: 0 }, { value: 1000 }]) {
      for (const noNewPrivs of [true, false]) {
        const seccomp = { profileType: Localhost, localhostRef: profile('small.json') }
        const id = await fixture.createContainer(pod, `c${containers++}`, '', {
          command: ['/bin/busybox', 'echo', 'alive'],
          args: [],
          linux: { securityContext: { runAsUser, noNewPrivs, seccomp } },
        })
        await fixture.client.startContainer({ containerId: id })
        await eventually('its word', async () => (await fixture.log(id)).length > 0)
        assert.equal((await fixture.log(id))[0]?.text, 'alive')
      }
    }
  })

  it('filters a mere user, with and without no_new_privs', async () => {
    for (const noNewPrivs of [true, false]) {
      const security = { runAsUser: { value: 1000 }, noNewPrivs, seccomp: { profileType: RuntimeDefault } }
      const id = await start({ ...security, capabilities: { dropCapabilities: ['ALL'] } })
      const { stdout } = await fixture.sh(id, 'id -u; grep -E "Seccomp:|NoNewPrivs|CapBnd" /proc/self/status')
      assert.equal(stdout, `1000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t${noNewPrivs ? 1 : 0}\nSeccomp:\t2\n`)
      assert.equal(await code(id, '/probes/keyctl'), EPERM)
    }
  })

  it('opens what a capability is for', async () => {
    const unshare = '/bin/busybox unshare -m true'
    const plain = await start({ seccomp: { profileType: RuntimeDefault } })
    assert.notEqual(await code(plain, unshare), 0)
    const admin = await start({
      seccomp: { profileType: RuntimeDefault },
      capabilities: { addCapabilities: ['SYS_ADMIN'] },
    })
    assert.equal(await code(admin, unshare), 0)
    assert.equal(await code(admin, '/probes/keyctl'), EPERM)
  })

  it('Localhost takes a profile of the machine', async () => {
    const { EROFS } = constants.errno
    writeProfile('no-mkdir.json', {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: EROFS },
        { names: ['keyctl'], action: 'SCMP_ACT_KILL_PROCESS' },
        { names: ['socket'], action: 'SCMP_ACT_ERRNO', args: [{ index: 0, value: 40, op: 'SCMP_CMP_EQ' }] },
      ],
    })
    const id = await start({ seccomp: { profileType: Localhost, localhostRef: profile('no-mkdir.json') } })
    const mkdir = await fixture.sh(id, 'mkdir /tmp/a; touch /tmp/b && ls /tmp')
    assert.match(mkdir.stderr, /Read-only file system/)
    assert.equal(mkdir.stdout, 'b\n')
    assert.equal(await code(id, '/probes/keyctl'), killedBySigsys)
    assert.equal(await code(id, '/probes/vsock'), EPERM)
  })

  it('says what is wrong with a profile before anything is made', async () => {
    const create = (localhostRef: string) => start({ seccomp: { profileType: Localhost, localhostRef } })
    await assert.rejects(create(profile('absent.json')), {
      code: 'INVALID_ARGUMENT',
      message: new RegExp(`localhost_ref: there is no profile ${profile('absent.json')}`),
    })
    await assert.rejects(create('bad.json'), { code: 'INVALID_ARGUMENT', message: /"bad\.json" is no absolute path/ })
    writeProfile('bad.json', { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir'], action: 'DENY' }] })
    await assert.rejects(create(profile('bad.json')), {
      message: /bad\.json: syscalls\[0\]\.action: must be one of SCMP_ACT_/,
    })
  })
})
