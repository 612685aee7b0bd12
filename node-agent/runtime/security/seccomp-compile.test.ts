import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { capabilityNames } from '../../sys/capability-names.ts'
import { type SyscallName, syscallNumber } from '../../sys/syscall-numbers.ts'
import { defaultCapabilities } from './capabilities.ts'
import { compileSeccomp } from './seccomp-compile.ts'
import { defaultSeccompProfile } from './seccomp-default.ts'
import { parseSeccompProfile, type SeccompAction, type SeccompProfile, type SeccompTarget } from './seccomp-profile.ts'
import { type Architecture, syscallNumbers } from './syscall-table.ts'

const { EPERM, ENOSYS } = constants.errno
const architectures: readonly Architecture[] = ['x64', 'arm64']
const audit = { x64: 0xc000003e, arm64: 0xc00000b7 }
const i386 = 0x40000003
const killProcess = 0x80000000
const allow = 0x7fff0000
const errno = (number: number): number => 0x50000 + number

interface Call {
  readonly arch: number
  readonly number: number
  readonly args: readonly bigint[]
}

/** struct seccomp_data. */
function dataOf({ arch, number, args }: Call): Buffer {
  const data = Buffer.alloc(64)
  data.writeUInt32LE(number, 0)
  data.writeUInt32LE(arch, 4)
  args.forEach((arg, index) => data.writeBigUInt64LE(arg, 16 + 8 * index))
  return data
}

/** What the kernel's verifier would let run, run; `loads` are the offsets read. */
function interpret(program: Uint8Array, call: Call): { readonly answer: number; readonly loads: readonly number[] } {
  const bytes = Buffer.from(program)
  const data = dataOf(call)
  const loads: number[] = []
  let accumulator = 0
  for (let at = 0; at < bytes.length; at += 8) {
    const code = bytes.readUInt16LE(at)
    const constant = bytes.readUInt32LE(at + 4)
    const jump = (holds: boolean): void => {
      at += 8 * bytes.readUInt8(at + (holds ? 2 : 3))
    }
    switch (code) {
      case 0x20:
        accumulator = data.readUInt32LE(constant)
        loads.push(constant)
        break
      case 0x54:
        accumulator = (accumulator & constant) >>> 0
        break
      case 0x05:
        at += 8 * constant
        break
      case 0x15:
        jump(accumulator === constant)
        break
      case 0x25:
        jump(accumulator > constant)
        break
      case 0x35:
        jump(accumulator >= constant)
        break
      case 0x06:
        return { answer: constant, loads }
      default:
        assert.fail(`instruction ${code.toString(16)} at ${at / 8}`)
    }
  }
  return assert.fail('the program ran past its end')
}

const run = (program: Uint8Array, call: Call): number => interpret(program, call).answer

/** The action's rank and the kernel's value for it. */
function meaning(action: SeccompProfile['defaultAction']): readonly [rank: number, value: number] {
  switch (action.kind) {
    case 'killProcess':
      return [0, killProcess]
    case 'killThread':
      return [1, 0]
    case 'trap':
      return [2, 0x30000]
    case 'errno':
      return [3, errno(action.errno)]
    case 'trace':
      return [4, 0x7ff00000 + action.data]
    case 'log':
      return [5, 0x7ffc0000]
    case 'allow':
      return [6, allow]
  }
}

/** What the profile's words say about a call, rule by rule. */
function naive(profile: SeccompProfile, { architecture, capabilities }: SeccompTarget, call: Call): number {
  if (call.arch !== audit[architecture]) return killProcess
  if (call.number >= 0x40000000) return errno(ENOSYS)
  const numbers = syscallNumbers(architecture)
  const goName = architecture === 'x64' ? 'amd64' : 'arm64'
  const counting = profile.rules
    .filter(({ includes }) => includes?.capabilities.every(name => capabilities.includes(name)) ?? true)
    .filter(({ includes }) => !includes?.architectures.length || includes.architectures.includes(goName))
    .filter(({ excludes }) => !excludes?.capabilities.some(name => capabilities.includes(name)))
    .filter(({ excludes }) => !excludes?.architectures.includes(goName))
  const named = counting
    .flatMap(({ names }) => names.map(name => numbers.get(name) ?? -1))
    .filter(number => number >= 0)
  const isNewer = named.length > 0 && named.every(number => number < call.number)
  if (isNewer && !['allow', 'log', 'trace'].includes(profile.defaultAction.kind)) return errno(ENOSYS)
  const fitting = counting
    .filter(({ names }) => names.some(name => numbers.get(name) === call.number))
    .filter(({ conditions }) =>
      conditions.every(condition => {
        const arg = call.args[condition.index] ?? 0n
        if (condition.op === 'maskedEqual') return (arg & condition.mask) === condition.value
        const { op, value } = condition
        if (op === 'equal' || op === 'notEqual') return (arg === value) === (op === 'equal')
        if (op === 'less' || op === 'greaterOrEqual') return arg < value === (op === 'less')
        return arg > value === (op === 'greater')
      }),
    )
    .map(({ action }) => meaning(action))
    .sort(([left], [right]) => left - right)
  return fitting[0]?.[1] ?? meaning(profile.defaultAction)[1]
}

const action = fc.oneof(
  fc.record({ kind: fc.constantFrom('allow', 'log', 'trap', 'killThread', 'killProcess') }),
  fc.record({ kind: fc.constant('errno'), errno: fc.integer({ min: 0, max: 4095 }) }),
  fc.record({ kind: fc.constant('trace'), data: fc.integer({ min: 0, max: 0xffff }) }),
)
/** Few values, around the seam between the halves, so that arguments meet them. */
const wide = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, 0xffffffffn, 0x100000000n, 0x100000001n, 0xffffffff00000000n, 0xffffffffffffffffn),
  fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }),
)
const index = fc.integer({ min: 0, max: 5 })
const ops = ['equal', 'notEqual', 'less', 'lessOrEqual', 'greater', 'greaterOrEqual'] as const
const condition = fc.oneof(
  fc.record({ index, op: fc.constantFrom(...ops), value: wide }),
  fc.record({ index, op: fc.constant('maskedEqual'), mask: wide, value: wide }),
)
const scope = fc.record({
  capabilities: fc.subarray(['CAP_SYS_ADMIN', 'CAP_BPF']),
  architectures: fc.subarray(['amd64', 'arm64', 's390x']),
})
const common = [...syscallNumbers('x64').keys()].filter(name => syscallNumbers('arm64').has(name))
const names = fc.oneof(fc.constantFrom('clone', 'read', 'chown32'), fc.constantFrom(...common))
const rule = fc.record(
  {
    names: fc.array(names, { minLength: 1, maxLength: 12 }),
    action,
    conditions: fc.array(condition, { maxLength: 3 }),
    includes: scope,
    excludes: scope,
  },
  { requiredKeys: ['names', 'action', 'conditions'] },
)
const profile: fc.Arbitrary<SeccompProfile> = fc.record({
  defaultAction: action,
  rules: fc.array(rule, { maxLength: 60 }),
})

function callOf(architecture: Architecture, seed: { name: string; args: bigint[]; odd: number | undefined }): Call {
  const number = seed.odd ?? syscallNumbers(architecture).get(seed.name) ?? 0
  return { arch: audit[architecture], number, args: seed.args }
}

const callSeed = fc.record({
  name: names,
  args: fc.array(wide, { minLength: 6, maxLength: 6 }),
  odd: fc.option(fc.constantFrom(469, 470, 5000, 0x3fffffff, 0x40000000, 0xffffffff, 250, 300, 340), {
    nil: undefined,
    freq: 4,
  }),
})

describe('compileSeccomp', () => {
  for (const architecture of architectures) {
    it(`decides on ${architecture} as the profile's words do`, () => {
      fc.assert(
        fc.property(
          profile,
          fc.subarray(['CAP_SYS_ADMIN', 'CAP_BPF', 'CAP_CHOWN']),
          fc.array(callSeed, { minLength: 20, maxLength: 40 }),
          (profile, capabilities, seeds) => {
            const target: SeccompTarget = { architecture, kernel: [6, 1], capabilities }
            const { program } = compileSeccomp(profile, target)
            const meant = seeds.flatMap(seed => {
              const call = callOf(architecture, seed)
              // The values the profile itself compares with are where mistakes would be.
              const edges = profile.rules.flatMap(({ conditions }) => conditions).slice(0, 6)
              return [call, ...edges.map(({ index, value }) => ({ ...call, args: call.args.with(index, value) }))]
            })
            for (const call of meant) {
              const expected = naive(profile, target, call)
              assert.equal(
                run(program, call).toString(16),
                expected.toString(16),
                `call ${call.number} ${call.args.join()}`,
              )
            }
          },
        ),
        { numRuns: 100 },
      )
    })

    it(`refuses every other architecture on ${architecture}`, () => {
      const target: SeccompTarget = { architecture, kernel: [6, 1], capabilities: [] }
      const { program } = compileSeccomp({ defaultAction: { kind: 'allow' }, rules: [] }, target)
      for (const arch of [i386, audit[architecture === 'x64' ? 'arm64' : 'x64'], 0]) {
        assert.equal(run(program, { arch, number: 1, args: [] }), killProcess)
      }
      assert.equal(run(program, { arch: audit[architecture], number: 0x40000000, args: [] }), errno(ENOSYS))
      assert.equal(run(program, { arch: audit[architecture], number: 1, args: [] }), allow)
    })
  }

  it('reaches far: programs longer than a conditional jump are right, and far too long ones are refused', () => {
    const target: SeccompTarget = { architecture: 'x64', kernel: [6, 1], capabilities: [] }
    const alternatives = (count: number): SeccompProfile => ({
      defaultAction: { kind: 'errno', errno: EPERM },
      rules: common.slice(0, 200).flatMap((name, position) =>
        Array.from({ length: count }, (_, value) => ({
          names: [name],
          action: { kind: 'errno', errno: 100 + position } as const,
          conditions: [{ index: 1, op: 'equal', value: BigInt(value) << 30n } as const],
        })),
      ),
    })
    const long = alternatives(4)
    const { program } = compileSeccomp(long, target)
    assert.ok(program.length / 8 > 2000, `${program.length / 8} instructions`)
    for (const name of common) {
      for (const value of [0n, 3n << 30n, 4n << 30n]) {
        const call = callOf('x64', { name, args: [0n, value], odd: undefined })
        assert.equal(run(program, call), naive(long, target, call), name)
      }
    }
    assert.throws(() => compileSeccomp(alternatives(9), target), /the kernel takes 4096/)
  })

  it('says of calls newer than the profile that they are not there, unless it lets what it does not name pass', () => {
    const target: SeccompTarget = { architecture: 'x64', kernel: [6, 18], capabilities: [] }
    const answers = (defaultAction: SeccompAction, ...names: string[]): number[] => {
      const rules = names.map(name => ({ names: [name], action: { kind: 'allow' } as const, conditions: [] }))
      const { program } = compileSeccomp({ defaultAction, rules }, target)
      return ['mount', 'openat2', 'cachestat'].map(name => {
        const number = syscallNumbers('x64').get(name) ?? -1
        return run(program, { arch: audit.x64, number, args: [] })
      })
    }
    const refuse = { kind: 'errno', errno: EPERM } as const
    assert.deepEqual(answers(refuse, 'read', 'openat2'), [errno(EPERM), allow, errno(ENOSYS)])
    assert.deepEqual(answers({ kind: 'killProcess' }, 'clone3'), [killProcess, errno(ENOSYS), errno(ENOSYS)])
    assert.deepEqual(answers(refuse), [errno(EPERM), errno(EPERM), errno(EPERM)])
    assert.deepEqual(answers({ kind: 'allow' }, 'read'), [allow, allow, allow])
  })

  it('tells names the architecture has no call for', () => {
    const profile = parseSeccompProfile(
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdri","open"],"action":"SCMP_ACT_KILL"}]}',
    )
    const unknown = (architecture: Architecture) =>
      compileSeccomp(profile, { architecture, kernel: [6, 1], capabilities: [] }).unknownNames
    assert.deepEqual(unknown('x64'), ['mkdri'])
    assert.deepEqual(unknown('arm64'), ['mkdri', 'open'])
  })
})

describe('the default profile', () => {
  const compiled = (architecture: Architecture, capabilities: readonly string[]) => {
    const { program } = compileSeccomp(defaultSeccompProfile, { architecture, kernel: [6, 1], capabilities })
    return (name: string, ...args: bigint[]): number => {
      const number = syscallNumbers(architecture).get(name)
      assert.ok(number !== undefined, name)
      return run(program, { arch: audit[architecture], number, args: [...args, 0n, 0n, 0n, 0n, 0n, 0n].slice(0, 6) })
    }
  }

  for (const architecture of architectures) {
    it(`holds what containers may do on ${architecture}`, () => {
      const call = compiled(architecture, defaultCapabilities)
      const newUser = 0x10000000n
      const threadFlags = 0x3d0f00n
      for (const name of ['openat', 'execve', 'futex', 'epoll_pwait', 'ptrace', 'chroot', 'getrandom', 'fchmodat2'])
        assert.equal(call(name), allow, name)
      for (const name of ['mount', 'unshare', 'setns', 'keyctl', 'add_key', 'bpf', 'reboot', 'init_module', 'syslog'])
        assert.equal(call(name), errno(EPERM), name)
      for (const name of ['io_uring_setup', 'userfaultfd', 'kexec_load', 'swapon', 'pivot_root', 'open_by_handle_at'])
        assert.equal(call(name), errno(EPERM), name)
      assert.equal(call('clone', threadFlags), allow)
      assert.equal(call('clone', threadFlags | newUser), errno(EPERM))
      assert.equal(call('clone3'), errno(ENOSYS))
      assert.equal(call('socket', 2n), allow)
      assert.equal(call('socket', 40n), errno(EPERM))
      assert.equal(call('socket', 0x1_0000_0028n), errno(EPERM), 'the kernel reads an int')
      assert.equal(call('personality', 0xffffffffn), allow)
      assert.equal(call('personality', 0x40000n), errno(EPERM))
    })

    it(`opens with capabilities on ${architecture}`, () => {
      const opened = (capability: string): string[] => {
        const call = compiled(architecture, [capability])
        const before = compiled(architecture, [])
        return [...syscallNumbers(architecture).keys()].filter(name => call(name) !== before(name)).sort()
      }
      assert.deepEqual(opened('CAP_SYS_TIME'), ['clock_settime', 'settimeofday'])
      assert.deepEqual(opened('CAP_SYSLOG'), ['syslog'])
      assert.deepEqual(opened('CAP_SYS_PTRACE'), ['kcmp', 'pidfd_getfd', 'process_madvise'])
      assert.deepEqual(opened('CAP_SYS_CHROOT'), ['chroot'])
      assert.deepEqual(opened('CAP_NET_ADMIN'), [])
      const admin = compiled(architecture, ['CAP_SYS_ADMIN'])
      for (const name of ['mount', 'unshare', 'setns', 'clone3', 'bpf']) assert.equal(admin(name), allow, name)
      assert.equal(admin('clone', 0x10000000n), allow)
    })

    it(`decides most calls by number alone on ${architecture}, so that the kernel can remember`, () => {
      const capabilities = defaultCapabilities
      const { program } = compileSeccomp(defaultSeccompProfile, { architecture, kernel: [6, 1], capabilities })
      const conditional = [...syscallNumbers(architecture)].filter(([, number]) => {
        const { loads } = interpret(program, { arch: audit[architecture], number, args: [] })
        return loads.some(offset => offset > 4)
      })
      assert.deepEqual(conditional.map(([name]) => name).sort(), ['clone', 'personality', 'socket'])
      assert.ok(program.length / 8 < 400, `${program.length / 8} instructions`)
    })
  }

  it('names only system calls and capabilities that exist', () => {
    const both = new Set(architectures.flatMap(architecture => [...syscallNumbers(architecture).keys()]))
    for (const { names, includes, excludes } of defaultSeccompProfile.rules) {
      for (const name of names) assert.ok(both.has(name), name)
      for (const name of [...(includes?.capabilities ?? []), ...(excludes?.capabilities ?? [])])
        assert.ok(capabilityNames.includes(name), name)
    }
  })
})

describe('syscallNumbers', () => {
  it('knows each number once, and those the runtime calls itself by', () => {
    for (const architecture of architectures) {
      const numbers = syscallNumbers(architecture)
      assert.equal(new Set(numbers.values()).size, numbers.size)
      const own: readonly SyscallName[] = ['read', 'fchdir', 'syncfs', 'setns', 'seccomp', 'bpf', 'mount_setattr']
      for (const name of own) assert.equal(numbers.get(name), syscallNumber(name, architecture), name)
    }
    assert.deepEqual(
      [syscallNumbers('x64').size, syscallNumbers('arm64').size].map(size => size > 300),
      [true, true],
    )
  })
})
