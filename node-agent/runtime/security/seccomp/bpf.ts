// An assembler for classic BPF, as seccomp(2) runs it over struct seccomp_data.

/** Loads a 32-bit word of struct seccomp_data. */
const LD_W_ABS = 0x20
const ALU_AND_K = 0x54
const JMP_JA = 0x05
const JMP_JEQ_K = 0x15
const JMP_JGT_K = 0x25
const JMP_JGE_K = 0x35
const RET_K = 0x06

const instructionBytes = 8
/** BPF_MAXINSNS */
const maxInstructions = 4096

const tests = { eq: JMP_JEQ_K, gt: JMP_JGT_K, ge: JMP_JGE_K } as const

export type Label = symbol

type Instruction =
  | { readonly kind: 'plain'; readonly code: number; readonly k: number }
  | { readonly kind: 'jump'; readonly to: Label }
  | { readonly kind: 'test'; readonly code: number; readonly k: number; readonly yes: Label; readonly no: Label }

/** Instructions in order; a label may be used before it is placed. Jumps go forward only, as the kernel demands. */
export class BpfAssembler {
  readonly #instructions: Instruction[] = []
  readonly #labels = new Map<Label, number>()

  label(): Label {
    return Symbol('label')
  }

  place(label: Label): void {
    this.#labels.set(label, this.#instructions.length)
  }

  load(offset: number): void {
    this.#instructions.push({ kind: 'plain', code: LD_W_ABS, k: offset })
  }

  and(mask: number): void {
    this.#instructions.push({ kind: 'plain', code: ALU_AND_K, k: mask })
  }

  jump(to: Label): void {
    this.#instructions.push({ kind: 'jump', to })
  }

  /** Compares what was loaded last with a constant, unsigned. */
  test(how: keyof typeof tests, k: number, yes: Label, no: Label): void {
    this.#instructions.push({ kind: 'test', code: tests[how], k, yes, no })
  }

  ret(action: number): void {
    this.#instructions.push({ kind: 'plain', code: RET_K, k: action })
  }

  /** struct sock_filter: u16 code, u8 jt, u8 jf, u32 k. Throws for a jump too far or a program too long. */
  assemble(): Uint8Array {
    if (this.#instructions.length > maxInstructions) {
      throw new Error(`seccomp filter of ${this.#instructions.length} instructions: at most ${maxInstructions}`)
    }
    const bytes = Buffer.alloc(this.#instructions.length * instructionBytes)
    this.#instructions.forEach((instruction, index) => {
      const at = index * instructionBytes
      if (instruction.kind === 'plain') {
        bytes.writeUInt16LE(instruction.code, at)
        bytes.writeUInt32LE(instruction.k, at + 4)
      } else if (instruction.kind === 'jump') {
        bytes.writeUInt16LE(JMP_JA, at)
        bytes.writeUInt32LE(this.#distance(index, instruction.to), at + 4)
      } else {
        bytes.writeUInt16LE(instruction.code, at)
        bytes.writeUInt8(this.#distance(index, instruction.yes), at + 2)
        bytes.writeUInt8(this.#distance(index, instruction.no), at + 3)
        bytes.writeUInt32LE(instruction.k, at + 4)
      }
    })
    return bytes
  }

  #distance(from: number, label: Label): number {
    const to = this.#labels.get(label)
    if (to === undefined || to <= from) throw new Error('a BPF jump leads nowhere, or back')
    return to - from - 1
  }
}
