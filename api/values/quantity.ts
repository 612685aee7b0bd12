// Quantities: exact decimal numbers with a suffix, such as `250m`, `1.5`, `64Mi`, `1e3`.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/

/** How a quantity was written, and is written again: powers of 1024, of 1000, or an exponent. */
export type QuantityFormat = 'BinarySI' | 'DecimalSI' | 'DecimalExponent'

/** The text is no quantity. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError'
}

const nanoPerOne = 1_000_000_000n
/** What is read with a power of 1024 is capped to what an int64 holds, as Kubernetes caps it; sums may be larger. */
const largest = ((1n << 63n) - 1n) * nanoPerOne

const binary: Readonly<Record<string, bigint>> = {
  Ki: 1n << 10n,
  Mi: 1n << 20n,
  Gi: 1n << 30n,
  Ti: 1n << 40n,
  Pi: 1n << 50n,
  Ei: 1n << 60n,
}
const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const binarySuffixes = ['', ...Object.keys(binary)]
const decimalSuffixes = Object.keys(decimal)

const grammar = /^([+-]?)(\d*)(?:\.(\d*))?([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/
/** What has the shape of a quantity, whatever its suffix means. */
const shape = /^[+-]?\d*(?:\.\d*)?[eEinumkKMGTP]*[-+]?\d*$/
/** Beyond this many digits a number is noise; it bounds the work a request can cause. */
const mostDigits = 1000

/** An exact number with a way to write it. Immutable. Its precision is 10⁻⁹; anything finer is rounded away from 0. */
export class Quantity {
  static readonly zero = new Quantity(0n, 'DecimalSI')

  readonly #nano: bigint
  readonly format: QuantityFormat

  private constructor(nano: bigint, format: QuantityFormat) {
    this.#nano = nano
    this.format = format
  }

  /** @throws QuantityError when the text is no quantity */
  static parse(text: string): Quantity {
    const quantity = Quantity.tryParse(text)
    if (quantity === undefined) throw new QuantityError(`${quantityFault(text)}: ${JSON.stringify(text)}`)
    return quantity
  }

  /** As parse, but undefined when the text is no quantity. */
  static tryParse(text: string): Quantity | undefined {
    if (text.length > mostDigits || text === '') return undefined
    const match = grammar.exec(text)
    if (match === null) return undefined
    const [, sign, whole = '', fraction = '', suffix = ''] = match
    const multiplier = binary[suffix]
    const exponent = multiplier !== undefined ? 0 : (decimal[suffix] ?? Number(suffix.slice(1)))
    if (Math.abs(exponent) > mostDigits) return undefined

    const digits = BigInt(whole + fraction) * (multiplier ?? 1n)
    const exact = scaled(digits, exponent - fraction.length + 9)
    const nano = multiplier !== undefined && exact > largest ? largest : exact
    const isExponent = multiplier === undefined && decimal[suffix] === undefined
    const smallBinary = multiplier !== undefined && nano > 0n && nano < nanoPerOne
    const format = isExponent ? 'DecimalExponent' : multiplier !== undefined && !smallBinary ? 'BinarySI' : 'DecimalSI'
    return new Quantity(sign === '-' ? -nano : nano, format)
  }

  /** A whole number of something: `Quantity.of(110)` pods. */
  static of(value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity {
    return new Quantity(BigInt(value) * nanoPerOne, format)
  }

  /** Bytes, written with powers of 1024. */
  static ofBytes(bytes: number | bigint): Quantity {
    return Quantity.of(bytes, 'BinarySI')
  }

  /** Thousandths: `Quantity.ofMilli(250)` is `250m`. */
  static ofMilli(milli: number | bigint): Quantity {
    return new Quantity(BigInt(milli) * 1_000_000n, 'DecimalSI')
  }

  /** The value, rounded away from 0 to a whole number; exact below 2^53. */
  value(): number {
    return Number(this.exactValue())
  }

  /** The value, rounded away from 0 to a whole number. */
  exactValue(): bigint {
    return divideAway(this.#nano, nanoPerOne)
  }

  /** Thousandths, rounded away from 0; what CPU is counted in. */
  milliValue(): number {
    return Number(divideAway(this.#nano, 1_000_000n))
  }

  /** Whether it is a whole number, in the thousandths that count. */
  isWhole(): boolean {
    return this.milliValue() % 1000 === 0
  }

  isZero(): boolean {
    return this.#nano === 0n
  }

  /** -1, 0 or 1. */
  sign(): number {
    return this.compare(Quantity.zero)
  }

  /** Negative when this is less than the other, 0 when equal, positive when greater. */
  compare(other: Quantity): number {
    return this.#nano < other.#nano ? -1 : this.#nano > other.#nano ? 1 : 0
  }

  equals(other: Quantity): boolean {
    return this.#nano === other.#nano
  }

  /** The sum, in this quantity's format; zero takes the other's. */
  add(other: Quantity): Quantity {
    return new Quantity(this.#nano + other.#nano, this.isZero() ? other.format : this.format)
  }

  sub(other: Quantity): Quantity {
    return new Quantity(this.#nano - other.#nano, this.isZero() ? other.format : this.format)
  }

  /** The canonical form: no fraction, the largest suffix that needs none. Equal quantities of one format look the same. */
  toString(): string {
    const whole = this.#nano % nanoPerOne === 0n
    const magnitude = this.#nano < 0n ? -this.#nano : this.#nano
    if (this.format === 'BinarySI' && whole && magnitude >= 1024n * nanoPerOne) {
      return factored(this.#nano / nanoPerOne, 1024n, binarySuffixes)
    }
    const most = this.format === 'DecimalExponent' ? mostDigits : decimalSuffixes.length - 1
    const [mantissa, thousands] = reduced(this.#nano, 1000n, most)
    if (this.format !== 'DecimalExponent') return `${mantissa}${decimalSuffixes[thousands] ?? ''}`
    const exponent = thousands * 3 - 9
    return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`
  }

  toJSON(): string {
    return this.toString()
  }
}

/** Why a text is no quantity, in Kubernetes' words. */
export function quantityFault(text: string): string {
  return text !== '' && shape.test(text)
    ? "unable to parse quantity's suffix"
    : "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
}

/**
 * The text under which a quantity is stored: its own where that is as good as canonical, else the canonical form.
 * @returns undefined when it is no quantity
 */
export function storedQuantity(text: string): string | undefined {
  const trimmed = text.trim()
  const quantity = Quantity.tryParse(trimmed)
  return quantity && (staysAsWritten(trimmed) ? trimmed : quantity.toString())
}

/** As apimachinery keeps the text of numbers that need no more than an int64 (v0.36, pkg/api/resource/quantity.go). */
function staysAsWritten(text: string): boolean {
  const [, , whole = '', fraction = '', suffix = ''] = grammar.exec(text) ?? []
  const digits = (whole.replace(/^0+/, '') || '0') + fraction
  if (text === '0') return true
  if (binary[suffix] !== undefined) {
    const precision = 14 - digits.length - 3 * binarySuffixes.indexOf(suffix)
    return fraction === '' && precision >= 0 && Number(digits) % 8 !== 0
  }
  const scale = (decimal[suffix] ?? Number(suffix.slice(1))) - fraction.length
  if (digits.length > 18 || scale < -9 || scale % 3 !== 0) return false
  return !digits.startsWith('0') && !digits.endsWith('000')
}

/** value × 10^exponent, rounded up. */
function scaled(value: bigint, exponent: number): bigint {
  return exponent >= 0 ? value * 10n ** BigInt(exponent) : divideAway(value, 10n ** BigInt(-exponent))
}

function divideAway(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  if (quotient * divisor === value) return quotient
  return value < 0n ? quotient - 1n : quotient + 1n
}

/** Divides by the base as often as nothing is lost, at most `most` times: the rest and how often. Zero stands at one. */
function reduced(value: bigint, base: bigint, most: number): [bigint, number] {
  if (value === 0n) return [0n, 3]
  let rest = value
  let times = 0
  while (times < most && rest % base === 0n) {
    rest /= base
    times++
  }
  return [rest, times]
}

function factored(value: bigint, base: bigint, suffixes: readonly string[]): string {
  const [rest, times] = reduced(value, base, suffixes.length - 1)
  return `${rest}${suffixes[times] ?? ''}`
}
