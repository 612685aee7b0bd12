// The list of allowed devices as an eBPF program, since cgroup v2 has no files for it. Pure.
// Instructions: Documentation/bpf/standardization/instruction-set.rst; context: struct bpf_cgroup_dev_ctx.
import { type DeviceRule } from '../devices.ts'

interface Instruction {
  readonly opcode: number
  readonly destination?: number
  readonly source?: number
  readonly offset?: number
  readonly immediate?: number
}

const [result, context, type, access, major, minor, scratch] = [0, 1, 2, 3, 4, 5, 6] as const
const typeNumber = { b: 1, c: 2 } as const
const accessBits: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 }
const everyAccess = 7

const load = (destination: number, offset: number): Instruction => ({
  opcode: 0x61,
  destination,
  source: context,
  offset,
})
const and = (destination: number, immediate: number): Instruction => ({ opcode: 0x54, destination, immediate })
const shiftRight = (destination: number, immediate: number): Instruction => ({ opcode: 0x74, destination, immediate })
const copy = (destination: number, source: number): Instruction => ({ opcode: 0xbc, destination, source })
const jumpUnlessEqual = (destination: number, immediate: number): Instruction => ({
  opcode: 0x55,
  destination,
  immediate,
})
const answer = (immediate: number): readonly Instruction[] => [
  { opcode: 0xb7, destination: result, immediate },
  { opcode: 0x95 },
]

/** Answers 1 when a rule covers the whole access, else 0. */
export function deviceProgram(rules: readonly DeviceRule[]): Buffer {
  return assemble([
    // access_type holds the device's type in its low half, the access asked for in its high one.
    load(type, 0),
    and(type, 0xffff),
    load(access, 0),
    shiftRight(access, 16),
    load(major, 4),
    load(minor, 8),
    ...rules.flatMap(ruleInstructions),
    ...answer(0),
  ])
}

/** Falls through to the next rule at the first thing that does not match. */
function ruleInstructions(rule: DeviceRule): readonly Instruction[] {
  const allowed = Object.entries(accessBits).reduce(
    (bits, [letter, bit]) => (rule.access.includes(letter) ? bits | bit : bits),
    0,
  )
  const tests = [
    jumpUnlessEqual(type, typeNumber[rule.type]),
    copy(scratch, access),
    and(scratch, everyAccess & ~allowed),
    jumpUnlessEqual(scratch, 0),
    ...(rule.major === undefined ? [] : [jumpUnlessEqual(major, rule.major)]),
    ...(rule.minor === undefined ? [] : [jumpUnlessEqual(minor, rule.minor)]),
  ]
  const all = [...tests, ...answer(1)]
  return all.map((each, index) => (each.opcode === 0x55 ? { ...each, offset: all.length - index - 1 } : each))
}

function assemble(instructions: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(instructions.length * 8)
  instructions.forEach(({ opcode, destination = 0, source = 0, offset = 0, immediate = 0 }, index) => {
    bytes.writeUInt8(opcode, index * 8)
    bytes.writeUInt8((source << 4) | destination, index * 8 + 1)
    bytes.writeInt16LE(offset, index * 8 + 2)
    bytes.writeInt32LE(immediate, index * 8 + 4)
  })
  return bytes
}
