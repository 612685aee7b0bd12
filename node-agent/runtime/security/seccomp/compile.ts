// From a profile to the BPF program that decides each system call (seccomp(2)).
import { BpfAssembler, type Label } from './bpf.ts'
import { type SeccompAction, type SeccompArg, type SeccompProfile, type SeccompRule } from './profile.ts'
import { type FilterArch, syscallTables } from './syscall-table.ts'

// struct seccomp_data: int nr, u32 arch, u64 instruction pointer, u64 args[6]
const OFFSET_NR = 0
const OFFSET_ARCH = 4
const OFFSET_ARGS = 16

/** linux/audit.h */
const auditArch: Readonly<Record<FilterArch, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 }
/** Calls of the x32 ABI carry this bit on x86-64. */
const X32_BIT = 0x40000000

const EPERM = 1

const actionValues: Readonly<Record<SeccompAction, number>> = {
  SCMP_ACT_ALLOW: 0x7fff0000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_KILL: 0x00000000,
  SCMP_ACT_KILL_THREAD: 0x00000000,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_TRAP: 0x00030000,
}

function actionValue(action: SeccompAction, errno: number | undefined): number {
  const carriesData = action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE'
  return actionValues[action] + (carriesData ? (errno ?? EPERM) & 0xffff : 0)
}

/** What happens to one system call: the first rule whose conditions hold decides, else the default. */
type Verdict = readonly SeccompRule[]

interface Span {
  readonly first: number
  readonly verdict: Verdict
}

/** The program, as struct sock_filter. Names that this architecture does not have are left out, as libseccomp does. */
export function compileProfile(profile: SeccompProfile, arch: FilterArch): Uint8Array {
  const assembler = new BpfAssembler()
  const otherwise = actionValue(profile.defaultAction, profile.defaultErrnoRet)
  const [ours, foreign, native] = [assembler.label(), assembler.label(), assembler.label()]
  assembler.load(OFFSET_ARCH)
  assembler.test('eq', auditArch[arch], ours, foreign)
  assembler.place(foreign)
  assembler.ret(otherwise)
  assembler.place(ours)
  assembler.load(OFFSET_NR)
  if (arch === 'x64') {
    const x32 = assembler.label()
    assembler.test('ge', X32_BIT, x32, native)
    assembler.place(x32)
    assembler.ret(otherwise)
  }
  assembler.place(native)
  emitSearch(assembler, spansOf(profile, arch), otherwise)
  return assembler.assemble()
}

/** The numbers, cut where the verdict changes. */
function spansOf(profile: SeccompProfile, arch: FilterArch): readonly Span[] {
  const verdicts = new Map<number, SeccompRule[]>()
  for (const rule of profile.syscalls) {
    for (const name of rule.names) {
      const number = syscallTables[arch].get(name)
      if (number === undefined) continue
      const verdict = verdicts.get(number) ?? []
      verdict.push(rule)
      verdicts.set(number, verdict)
    }
  }
  const spans: Span[] = [{ first: 0, verdict: [] }]
  let previous = -1
  for (const [number, verdict] of [...verdicts].sort(([a], [b]) => a - b)) {
    if (number > previous + 1) appendSpan(spans, { first: previous + 1, verdict: [] })
    appendSpan(spans, { first: number, verdict })
    previous = number
  }
  appendSpan(spans, { first: previous + 1, verdict: [] })
  return spans
}

function appendSpan(spans: Span[], span: Span): void {
  const last = spans.at(-1)
  if (last?.first === span.first) spans.pop()
  const before = spans.at(-1)
  const same =
    before !== undefined && outcome(before.verdict) !== undefined && outcome(before.verdict) === outcome(span.verdict)
  if (!same) spans.push(span)
}

/** Equal for verdicts that need no look at the arguments and mean the same; undefined for the others. */
function outcome(verdict: Verdict): number | 'default' | undefined {
  const [rule] = verdict
  if (rule === undefined) return 'default'
  return (rule.args ?? []).length === 0 ? actionValue(rule.action, rule.errnoRet) : undefined
}

/** Binary search over the spans; the number is loaded. */
function emitSearch(assembler: BpfAssembler, spans: readonly Span[], otherwise: number): void {
  const [only] = spans
  if (spans.length === 1 && only !== undefined) {
    emitVerdict(assembler, only.verdict, otherwise)
    return
  }
  const middle = Math.floor(spans.length / 2)
  const [lower, upper] = [spans.slice(0, middle), spans.slice(middle)]
  const [goUp, goDown, up, down] = [assembler.label(), assembler.label(), assembler.label(), assembler.label()]
  // A test reaches 255 instructions far, a plain jump any distance.
  assembler.test('ge', upper[0]?.first ?? 0, goUp, goDown)
  assembler.place(goUp)
  assembler.jump(up)
  assembler.place(goDown)
  assembler.place(down)
  emitSearch(assembler, lower, otherwise)
  assembler.place(up)
  emitSearch(assembler, upper, otherwise)
}

function emitVerdict(assembler: BpfAssembler, verdict: Verdict, otherwise: number): void {
  for (const rule of verdict) {
    const next = assembler.label()
    for (const arg of rule.args ?? []) {
      const holds = assembler.label()
      emitCondition(assembler, arg, holds, next)
      assembler.place(holds)
    }
    assembler.ret(actionValue(rule.action, rule.errnoRet))
    assembler.place(next)
    if ((rule.args ?? []).length === 0) return
  }
  assembler.ret(otherwise)
}

const high = (value: number): number => Math.floor(value / 2 ** 32)
const low = (value: number): number => value % 2 ** 32

/** Arguments are 64 bits wide, BPF works on 32: the upper half is looked at first. */
function emitCondition(assembler: BpfAssembler, arg: SeccompArg, holds: Label, fails: Label): void {
  const { index, value, op } = arg
  const loadLow = (): void => assembler.load(OFFSET_ARGS + 8 * index)
  const loadHigh = (): void => assembler.load(OFFSET_ARGS + 8 * index + 4)
  const lowHalf = assembler.label()
  switch (op) {
    case 'SCMP_CMP_MASKED_EQ': {
      const wanted = arg.valueTwo ?? 0
      loadHigh()
      assembler.and(high(value))
      assembler.test('eq', high(wanted), lowHalf, fails)
      assembler.place(lowHalf)
      loadLow()
      assembler.and(low(value))
      assembler.test('eq', low(wanted), holds, fails)
      return
    }
    case 'SCMP_CMP_EQ':
    case 'SCMP_CMP_NE': {
      const [equal, different] = op === 'SCMP_CMP_EQ' ? [holds, fails] : [fails, holds]
      loadHigh()
      assembler.test('eq', high(value), lowHalf, different)
      assembler.place(lowHalf)
      loadLow()
      assembler.test('eq', low(value), equal, different)
      return
    }
    default: {
      // x < v is not (x >= v), x <= v is not (x > v).
      const negated = op === 'SCMP_CMP_LT' || op === 'SCMP_CMP_LE'
      const [yes, no] = negated ? [fails, holds] : [holds, fails]
      const sameHigh = assembler.label()
      loadHigh()
      assembler.test('gt', high(value), yes, sameHigh)
      assembler.place(sameHigh)
      assembler.test('eq', high(value), lowHalf, no)
      assembler.place(lowHalf)
      loadLow()
      assembler.test(op === 'SCMP_CMP_GE' || op === 'SCMP_CMP_LT' ? 'ge' : 'gt', low(value), yes, no)
    }
  }
}
