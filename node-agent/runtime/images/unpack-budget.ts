// What unpacking one layer may cost: archives from strangers can hold, or expand to, any amount.
import { ImageError } from './errors.ts'

export interface UnpackLimits {
  /** Entries of all kinds in one layer. */
  readonly maxEntries: number
  /** Bytes of file contents in one layer. */
  readonly maxBytes: number
}

export class UnpackBudget {
  readonly #limits: UnpackLimits
  #entries = 0
  #bytes = 0

  constructor(limits: UnpackLimits) {
    this.#limits = limits
  }

  get entries(): number {
    return this.#entries
  }

  get bytes(): number {
    return this.#bytes
  }

  /** @throws ImageError `too-big` */
  spendEntry(): void {
    const { maxEntries } = this.#limits
    if (++this.#entries > maxEntries) throw new ImageError('too-big', `a layer has over ${maxEntries} entries`)
  }

  /** @throws ImageError `too-big` */
  spendBytes(count: number): void {
    const { maxBytes } = this.#limits
    this.#bytes += count
    if (this.#bytes > maxBytes) throw new ImageError('too-big', `a layer holds over ${maxBytes} bytes`)
  }
}
