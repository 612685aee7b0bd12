// JSON whose numbers keep their text where it says more than their value: `5.0` is no integer for Kubernetes, `1.500` stays
// the quantity it was, and beyond 2^53 a double is another number.

/** A number as it was written, where that matters. */
export class NumberLiteral {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  get value(): number {
    return Number(this.text)
  }
}

/** Most texts have no such number, and JSON.parse reads those fastest. */
const mayMatter = /\d[.eE]|\d{16}/

/**
 * As JSON.parse, with NumberLiteral for numbers with a fraction or an exponent, or beyond ±2^53.
 * @throws SyntaxError
 */
export function parseJsonExactly(text: string): unknown {
  const value: unknown = JSON.parse(text)
  // The text is valid JSON now, which is all that the reader relies on.
  return mayMatter.test(text) ? new Reader(text).value() : value
}

/**
 * The same, where a key that is given twice says more of the value it was given first, as it does to encoding/json: objects
 * merge, elements of a list begin as those of the first, null changes nothing.
 */
export function parseJsonMerging(text: string): unknown {
  JSON.parse(text)
  return new Reader(text).value()
}

/** The same value with plain numbers. */
export function withPlainNumbers(value: unknown): unknown {
  if (value instanceof NumberLiteral) return value.value
  if (Array.isArray(value)) return value.map(withPlainNumbers)
  if (typeof value !== 'object' || value === null) return value
  const plain: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) setOwn(plain, key, withPlainNumbers(item))
  return plain
}

/** Keys come from strangers: `__proto__` is a key like any other. */
export function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
}

const string = /"(?:[^"\\]|\\.)*"/y
const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const blanks = /[ \t\r\n]*/y

/** What a second value makes of the first. */
function over(first: unknown, second: unknown): unknown {
  if (second === null) return first
  if (Array.isArray(second)) {
    const before: readonly unknown[] = Array.isArray(first) ? first : []
    return second.map((item, index) => over(before[index], item))
  }
  if (!isPlain(first) || !isPlain(second)) return second
  const merged: Record<string, unknown> = { ...first }
  for (const [key, item] of Object.entries(second)) {
    setOwn(merged, key, Object.hasOwn(merged, key) ? over(merged[key], item) : item)
  }
  return merged
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberLiteral)
}

/** Reads valid JSON. */
class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(): unknown {
    this.#match(blanks)
    switch (this.#text.charAt(this.#at)) {
      case '{':
        return this.#object()
      case '[':
        return this.#array()
      case '"':
        return JSON.parse(this.#match(string))
      case 't':
        return this.#word('true', true)
      case 'f':
        return this.#word('false', false)
      case 'n':
        return this.#word('null', null)
      default: {
        const literal = this.#match(number)
        const value = Number(literal)
        return /[.eE]/.test(literal) || !Number.isSafeInteger(value) ? new NumberLiteral(literal) : value
      }
    }
  }

  #object(): object {
    const object: Record<string, unknown> = {}
    this.#at++
    while (!this.#ends('}')) {
      const key = String(JSON.parse(this.#match(string)))
      this.#match(blanks)
      this.#at++
      const value = this.value()
      setOwn(object, key, Object.hasOwn(object, key) ? over(object[key], value) : value)
    }
    return object
  }

  #array(): unknown[] {
    const items: unknown[] = []
    this.#at++
    while (!this.#ends(']')) items.push(this.value())
    return items
  }

  /** Whether the object or list ends here; passes over a comma. */
  #ends(bracket: string): boolean {
    this.#match(blanks)
    const character = this.#text.charAt(this.#at)
    if (character === bracket || character === ',') this.#at++
    if (character === ',') this.#match(blanks)
    return character === bracket
  }

  #word<T>(word: string, value: T): T {
    this.#at += word.length
    return value
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const [matched = ''] = pattern.exec(this.#text) ?? []
    this.#at += matched.length
    return matched
  }
}
