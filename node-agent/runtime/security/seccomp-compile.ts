// From a seccomp profile to the program the kernel runs before every system call (struct seccomp_data in, an action out).
import { constants } from 'node:os'
import { Assembler, type Label } from './seccomp-assembler.ts'
import {
  ruleApplies,
  type SeccompAction,
  type SeccompProfile,
  type SeccompTarget,
  type SyscallCondition,
} from './seccomp-profile.ts'
import { type Architecture, syscallNumbers } from './syscall-table.ts'

export interface CompiledSeccomp {
  /** struct sock_filter instructions, as seccomp(2) takes them. */
  readonly program: Uint8Array
  /** Names the architecture has no call for, each once. */
  readonly unknownNames: readonly string[]
}

/** AUDIT_ARCH_ of linux/audit.h. */
const auditArchitectures: Readonly<Record<Architecture, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 }

/** Numbers of x86's x32 calls begin here; elsewhere there are none as high. */
const X32_SYSCALL_BIT = 0x4000_0000

/** Offsets in struct seccomp_data. */
const dataNumber = 0
const dataArchitecture = 4
const dataArguments = 16

/** A rule as it concerns one call. */
interface Case {
  readonly action: SeccompAction
  readonly conditions: readonly SyscallCondition[]
}

/** System calls from a number on are treated the same, until the next range begins. */
interface Range {
  readonly from: number
  readonly label: Label
}

/**
 * Compiles for one architecture: calls of any other kill the process, x32's do not exist. Then a binary search finds the
 * call. Calls without conditions are decided by number alone, so that the kernel remembers those that are allowed and
 * does not run the program for them (its action cache, Linux 5.11).
 *
 * Unless the default lets calls pass, those newer than the profile fail with ENOSYS, so that libraries fall back to older
 * ones as they do on an older kernel: newer are the numbers above the highest that the profile names, as runc has it (its
 * author can't have meant to refuse what was not there to be refused).
 * @throws ProgramTooLongError
 */
export function compileSeccomp(profile: SeccompProfile, target: SeccompTarget): CompiledSeccomp {
  const { architecture } = target
  const numbers = syscallNumbers(architecture)
  const cases = new Map<number, Case[]>()
  const unknownNames = new Set<string>()
  for (const rule of profile.rules) {
    const applies = ruleApplies(rule, target)
    for (const name of rule.names) {
      const number = numbers.get(name)
      if (number === undefined) unknownNames.add(name)
      else if (applies) cases.set(number, [...(cases.get(number) ?? []), rule])
    }
  }
  const assembler = new Assembler()
  const ranges = rangesOf(assembler, profile.defaultAction, cases)
  const decide = assembler.load(dataNumber, search(assembler, ranges))
  const foreign = assembler.answer(returnValue({ kind: 'killProcess' }))
  assembler.load(dataArchitecture, assembler.branch('equal', auditArchitectures[architecture], decide, foreign))
  return { program: assembler.program(), unknownNames: [...unknownNames] }
}

/** A tracer decides about calls it does not know by itself. */
const passing: ReadonlySet<SeccompAction['kind']> = new Set<SeccompAction['kind']>(['allow', 'log', 'trace'])

function rangesOf(
  assembler: Assembler,
  defaultAction: SeccompAction,
  cases: ReadonlyMap<number, readonly Case[]>,
): Range[] {
  const missing = assembler.answer(returnValue({ kind: 'errno', errno: constants.errno.ENOSYS }))
  const otherwise = assembler.answer(returnValue(defaultAction))
  // A profile that names nothing is not older than anything.
  const newer = cases.size === 0 || passing.has(defaultAction.kind) ? otherwise : missing
  const afterLast = Math.max(-1, ...cases.keys()) + 1
  const labels = new Map<string, Label>()
  /** Calls treated alike share one label, so that neighbours become one range. */
  const labelOf = (list: readonly Case[]): Label => {
    const key = JSON.stringify(list, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
    const known = labels.get(key)
    if (known !== undefined) return known
    const label = decision(assembler, list, otherwise)
    labels.set(key, label)
    return label
  }
  const ranges: Range[] = []
  const begin = (from: number, label: Label): void => {
    if (ranges.at(-1)?.label !== label) ranges.push({ from, label })
  }
  for (let number = 0; number < afterLast; number++) {
    const list = cases.get(number)
    begin(
      number,
      list === undefined ? otherwise : labelOf(list.map(({ action, conditions }) => ({ action, conditions }))),
    )
  }
  begin(afterLast, newer)
  begin(X32_SYSCALL_BIT, missing)
  return ranges
}

/** A binary search for the accumulator's range. */
function search(assembler: Assembler, ranges: readonly Range[]): Label {
  const [first] = ranges
  if (first === undefined) throw new RangeError('no ranges to search')
  if (ranges.length === 1) return first.label
  const middle = ranges.length >> 1
  const upper = ranges.slice(middle)
  const above = search(assembler, upper)
  const below = search(assembler, ranges.slice(0, middle))
  return assembler.branch('greaterOrEqual', upper[0]?.from ?? 0, above, below)
}

/** The most restrictive action first, as seccomp(2) ranks them. */
const ranks: readonly SeccompAction['kind'][] = ['killProcess', 'killThread', 'trap', 'errno', 'trace', 'log', 'allow']

/** Tests case by case; the first that fits decides. */
function decision(assembler: Assembler, cases: readonly Case[], otherwise: Label): Label {
  const ordered = [...cases].sort((left, right) => ranks.indexOf(left.action.kind) - ranks.indexOf(right.action.kind))
  const certain = ordered.findIndex(({ conditions }) => conditions.length === 0)
  const reached = certain < 0 ? ordered : ordered.slice(0, certain + 1)
  return reached.reduceRight((next, { action, conditions }) => {
    const matched = assembler.answer(returnValue(action))
    return conditions.reduceRight((holds, condition) => test(assembler, condition, holds, next), matched)
  }, otherwise)
}

const lowerHalf = (value: bigint): number => Number(value & 0xffff_ffffn)
const upperHalf = (value: bigint): number => Number(value >> 32n)

/** An argument of 64 bits, in two halves: BPF's registers have 32. Both architectures are little endian. */
function test(assembler: Assembler, condition: SyscallCondition, holds: Label, fails: Label): Label {
  if (holds === fails) return holds
  const low = dataArguments + 8 * condition.index
  const high = low + 4
  const { value } = condition
  const equal = (yes: Label, no: Label): Label => {
    const compareLow = assembler.load(low, assembler.branch('equal', lowerHalf(value), yes, no))
    return assembler.load(high, assembler.branch('equal', upperHalf(value), compareLow, no))
  }
  const above = (comparison: 'greater' | 'greaterOrEqual', yes: Label, no: Label): Label => {
    const compareLow = assembler.load(low, assembler.branch(comparison, lowerHalf(value), yes, no))
    const sameHigh = assembler.branch('equal', upperHalf(value), compareLow, no)
    return assembler.load(high, assembler.branch('greater', upperHalf(value), yes, sameHigh))
  }
  switch (condition.op) {
    case 'equal':
      return equal(holds, fails)
    case 'notEqual':
      return equal(fails, holds)
    case 'greater':
      return above('greater', holds, fails)
    case 'greaterOrEqual':
      return above('greaterOrEqual', holds, fails)
    case 'less':
      return above('greaterOrEqual', fails, holds)
    case 'lessOrEqual':
      return above('greater', fails, holds)
    case 'maskedEqual': {
      const masked = (offset: number, half: (value: bigint) => number, yes: Label): Label => {
        if (half(condition.mask) === 0 && half(value) === 0) return yes
        const compare = assembler.branch('equal', half(value), yes, fails)
        return assembler.load(offset, assembler.and(half(condition.mask), compare))
      }
      return masked(high, upperHalf, masked(low, lowerHalf, holds))
    }
  }
}

/** SECCOMP_RET_ values of linux/seccomp.h. */
function returnValue(action: SeccompAction): number {
  switch (action.kind) {
    case 'killProcess':
      return 0x8000_0000
    case 'killThread':
      return 0x0000_0000
    case 'trap':
      return 0x0003_0000
    case 'errno':
      return 0x0005_0000 | action.errno
    case 'trace':
      return 0x7ff0_0000 | action.data
    case 'log':
      return 0x7ffc_0000
    case 'allow':
      return 0x7fff_0000
  }
}
