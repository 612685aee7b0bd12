// Assembles classic BPF backwards: what is jumped to is there before what jumps, as BPF only ever jumps forwards.

/** An instruction that has been written, counted from the end of the program. */
export type Label = number

const LD_W_ABS = 0x20
const RET_K = 0x06
const JA = 0x05
const ALU_AND_K = 0x54

/** Compares the accumulator, unsigned, with a constant. */
const comparisons = { equal: 0x15, greater: 0x25, greaterOrEqual: 0x35 } as const
type Comparison = keyof typeof comparisons

interface Instruction {
  readonly code: number
  readonly whenTrue: number
  readonly whenFalse: number
  readonly constant: number
}

const instructionBytes = 8
/** BPF_MAXINSNS of linux/bpf_common.h. */
const mostInstructions = 4096
/** A conditional jump has eight bits for each of its ways. */
const farthest = 255

class ProgramTooLongError extends Error {
  constructor(length: number) {
    super(`the filter needs ${length} instructions, and the kernel takes ${mostInstructions}: name fewer conditions`)
    this.name = 'ProgramTooLongError'
  }
}

export class Assembler {
  readonly #reversed: Instruction[] = []
  readonly #answers = new Map<number, Label>()

  /** Ends with a SECCOMP_RET_ value; near ones are shared. */
  answer(value: number): Label {
    const known = this.#answers.get(value)
    if (known !== undefined && this.#distance(known) < farthest) return known
    const label = this.#write(RET_K, value)
    this.#answers.set(value, label)
    return label
  }

  /** Goes one of two ways by the accumulator. */
  branch(comparison: Comparison, constant: number, whenTrue: Label, whenFalse: Label): Label {
    if (whenTrue === whenFalse) return whenTrue
    // A stepping stone for the second way would push the first one farther off.
    const first = this.#within(whenTrue, farthest - 1)
    const second = this.#within(whenFalse, farthest)
    return this.#write(comparisons[comparison], constant, this.#distance(first), this.#distance(second))
  }

  /** Reads 32 bits of struct seccomp_data into the accumulator. */
  load(offset: number, next: Label): Label {
    this.#directlyBefore(next)
    return this.#write(LD_W_ABS, offset)
  }

  and(mask: number, next: Label): Label {
    this.#directlyBefore(next)
    return this.#write(ALU_AND_K, mask)
  }

  /**
   * The program that starts with what was written last: struct sock_filter instructions, little endian.
   * @throws ProgramTooLongError
   */
  program(): Uint8Array {
    const count = this.#reversed.length
    if (count > mostInstructions) throw new ProgramTooLongError(count)
    const bytes = Buffer.alloc(count * instructionBytes)
    for (const [index, { code, whenTrue, whenFalse, constant }] of this.#reversed.entries()) {
      const at = (count - 1 - index) * instructionBytes
      bytes.writeUInt16LE(code, at)
      bytes.writeUInt8(whenTrue, at + 2)
      bytes.writeUInt8(whenFalse, at + 3)
      bytes.writeUInt32LE(constant, at + 4)
    }
    return bytes
  }

  /** How many instructions the next one would jump over. */
  #distance(target: Label): number {
    return this.#reversed.length - 1 - target
  }

  /** The target, or a stand-in near enough: another answer of the same kind, or a jump with 32 bits. */
  #within(target: Label, limit: number): Label {
    if (this.#distance(target) <= limit) return target
    const instruction = this.#reversed[target]
    if (instruction?.code === RET_K) {
      const known = this.#answers.get(instruction.constant)
      if (known !== undefined && this.#distance(known) <= limit) return known
      const label = this.#write(RET_K, instruction.constant)
      this.#answers.set(instruction.constant, label)
      return label
    }
    return this.#write(JA, this.#distance(target))
  }

  #directlyBefore(next: Label): void {
    if (this.#distance(next) > 0) this.#write(JA, this.#distance(next))
  }

  #write(code: number, constant: number, whenTrue = 0, whenFalse = 0): Label {
    this.#reversed.push({ code, constant: constant >>> 0, whenTrue, whenFalse })
    return this.#reversed.length - 1
  }
}
