import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { capabilityNames } from '../../../sys/capability-names.ts'
import { defaultCapabilities } from '../capabilities.ts'
import { compileProfile } from './compile.ts'
import { defaultProfile } from './default-profile.ts'
import { parseProfile, type SeccompOperator, type SeccompProfile } from './profile.ts'
import { type FilterArch, syscallTables } from './syscall-table.ts'

const auditArch = { x64: 0xc000003e, arm64: 0xc00000b7 } as const
const ALLOW = 0x7fff0000
const errno = (code: number): number => 0x50000 + code

interface Call {
  readonly nr: number
  readonly arch?: number
  readonly args?: readonly bigint[]
}

/** Runs a program as the kernel does. */
function decide(program: Uint8Array, call: Call, arch: FilterArch): number {
  const data = Buffer.alloc(64)
  data.writeUInt32LE(call.nr, 0)
  data.writeUInt32LE(call.arch ?? auditArch[arch], 4)
  call.args?.forEach((arg, index) => data.writeBigUInt64LE(arg, 16 + 8 * index))
  const code = Buffer.from(program)
  let accumulator = 0
  for (let pc = 0; pc * 8 < code.length; pc++) {
    const [jt, jf, k] = [code.readUInt8(pc * 8 + 2), code.readUInt8(pc * 8 + 3), code.readUInt32LE(pc * 8 + 4)]
    switch (code.readUInt16LE(pc * 8)) {
      case 0x20:
        accumulator = data.readUInt32LE(k)
        break
      case 0x54:
        accumulator = (accumulator & k) >>> 0
        break
      case 0x05:
        pc += k
        break
      case 0x15:
        pc += accumulator === k ? jt : jf
        break
      case 0x25:
        pc += accumulator > k ? jt : jf
        break
      case 0x35:
        pc += accumulator >= k ? jt : jf
        break
      case 0x06:
        return k
      default:
        assert.fail(`unknown instruction ${code.readUInt16LE(pc * 8)}`)
    }
  }
  return assert.fail('the program has no end')
}

const holds: Readonly<Record<SeccompOperator, (x: bigint, value: bigint, two: bigint) => boolean>> = {
  SCMP_CMP_EQ: (x, value) => x === value,
  SCMP_CMP_NE: (x, value) => x !== value,
  SCMP_CMP_LT: (x, value) => x < value,
  SCMP_CMP_LE: (x, value) => x <= value,
  SCMP_CMP_GT: (x, value) => x > value,
  SCMP_CMP_GE: (x, value) => x >= value,
  SCMP_CMP_MASKED_EQ: (x, value, two) => (x & value) === two,
}

/** What a profile means, without any program. */
function expected(profile: SeccompProfile, name: string, args: readonly bigint[]): number {
  const rule = profile.syscalls.find(
    each =>
      each.names.includes(name) &&
      (each.args ?? []).every(({ index, op, value, valueTwo }) =>
        holds[op](args[index] ?? 0n, BigInt(value), BigInt(valueTwo ?? 0)),
      ),
  )
  const action = rule?.action ?? profile.defaultAction
  const code = (rule === undefined ? profile.defaultErrnoRet : rule.errnoRet) ?? 1
  return action === 'SCMP_ACT_ALLOW' ? ALLOW : errno(code)
}

describe('a compiled profile', () => {
  it('decides as the profile says, for any rules and arguments', () => {
    const number = fc.oneof(
      fc.nat(6),
      fc.constantFrom(2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 5, 2 ** 40 + 3, 0x7e020000),
    )
    const names = [...syscallTables.x64.keys()].slice(0, 40)
    const arg = fc.record(
      { index: fc.nat(1), value: number, valueTwo: number, op: fc.constantFrom(...Object.keys(holds)) },
      { noNullPrototype: true },
    )
    const rule = fc.record(
      {
        names: fc.subarray(names, { maxLength: 6 }),
        action: fc.constantFrom('SCMP_ACT_ALLOW' as const, 'SCMP_ACT_ERRNO' as const),
        errnoRet: fc.integer({ min: 1, max: 100 }),
        args: fc.array(arg, { maxLength: 2 }),
      },
      { noNullPrototype: true },
    )
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 8 }),
        fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 4 }),
        (rules, calls) => {
          const profile = parseProfile(
            JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 38, syscalls: rules }),
          )
          const program = compileProfile(profile, 'x64')
          for (const name of names) {
            for (const [first, second] of calls) {
              const args = [BigInt(first), BigInt(second)]
              const nr = syscallTables.x64.get(name) ?? -1
              assert.equal(
                decide(program, { nr, args }, 'x64'),
                expected(profile, name, args),
                `${name} ${first} ${second}`,
              )
            }
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('treats calls of another ABI by the default', () => {
    const program = compileProfile(
      {
        defaultAction: 'SCMP_ACT_ERRNO',
        defaultErrnoRet: 1,
        syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }],
      },
      'x64',
    )
    assert.equal(decide(program, { nr: 0 }, 'x64'), ALLOW)
    assert.equal(decide(program, { nr: 0x40000000 }, 'x64'), errno(1))
    assert.equal(decide(program, { nr: 0, arch: 0x40000003 }, 'x64'), errno(1))
  })

  it('says which field is wrong', () => {
    const profile = (change: object): string => JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', ...change })
    assert.throws(() => parseProfile('{'), /^InvalidSpecError: seccomp\.profile: not JSON/)
    assert.throws(
      () => parseProfile(profile({ defaultAction: 'ALLOW' })),
      /seccomp\.defaultAction: "ALLOW" is none of SCMP_ACT_ALLOW/,
    )
    const arg = { index: 6, value: 0, op: 'SCMP_CMP_EQ' }
    const syscalls = [{ names: ['read'], action: 'SCMP_ACT_LOG', args: [arg] }]
    assert.throws(
      () => parseProfile(profile({ syscalls })),
      /seccomp\.syscalls\[0\]\.args\[0\]\.index: a system call has/,
    )
  })
})

describe('the default profile', () => {
  for (const arch of ['x64', 'arm64'] as const) {
    const verdict = (name: string, args: readonly bigint[] = [], capabilities = defaultCapabilities): number => {
      const nr = syscallTables[arch].get(name)
      assert.ok(nr !== undefined, name)
      return decide(compileProfile(defaultProfile(capabilities, arch), arch), { nr, args }, arch)
    }

    it(`lets programs work on ${arch}`, () => {
      for (const name of [
        'read',
        'openat',
        'execve',
        'mmap',
        'futex',
        'epoll_pwait',
        'chroot',
        'ptrace',
        'openat2',
        'close_range',
      ]) {
        assert.equal(verdict(name), ALLOW, name)
      }
      assert.equal(verdict('clone', [0x1200011n]), ALLOW)
      assert.equal(verdict('socket', [2n]), ALLOW)
      assert.equal(verdict('personality', [0xffffffffn]), ALLOW)
    })

    it(`keeps them inside on ${arch}`, () => {
      for (const name of [
        'mount',
        'unshare',
        'setns',
        'bpf',
        'keyctl',
        'init_module',
        'reboot',
        'io_uring_setup',
        'swapon',
        'move_mount',
      ]) {
        assert.equal(verdict(name), errno(1), name)
      }
      assert.equal(verdict('clone', [0x10000000n]), errno(1))
      assert.equal(verdict('clone3'), errno(38))
      assert.equal(verdict('socket', [40n]), errno(1))
      assert.equal(verdict('personality', [0x40000n]), errno(1))
    })

    it(`opens what a capability is for on ${arch}`, () => {
      assert.equal(verdict('mount', [], [...defaultCapabilities, 'CAP_SYS_ADMIN']), ALLOW)
      assert.equal(verdict('clone3', [], [...defaultCapabilities, 'CAP_SYS_ADMIN']), ALLOW)
      assert.equal(verdict('reboot', [], [...defaultCapabilities, 'CAP_SYS_BOOT']), ALLOW)
      assert.equal(verdict('chroot', [], []), errno(1))
      assert.equal(verdict('keyctl', [], capabilityNames), errno(1))
    })

    it(`answers ENOSYS to what it does not know on ${arch}`, () => {
      const program = compileProfile(defaultProfile(defaultCapabilities, arch), arch)
      assert.equal(decide(program, { nr: 600 }, arch), errno(38))
    })
  }

  it('has the numbers the kernel has', () => {
    const sample = {
      x64: { read: 0, execve: 59, openat: 257, rseq: 334, clone3: 435 },
      arm64: { read: 63, execve: 221, openat: 56, rseq: 293, clone3: 435 },
    }
    for (const arch of ['x64', 'arm64'] as const) {
      for (const [name, number] of Object.entries(sample[arch]))
        assert.equal(syscallTables[arch].get(name), number, name)
    }
  })
})
