// A request's headers as Go keeps and sends them: names in canonical form, several values of one name in their order.
// https://pkg.go.dev/net/http#Header
import { goQuote } from '../../../lib/go-quote.ts'

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** `content-type` becomes `Content-Type`; what can't be a name stays as it is. */
export function canonicalName(name: string): string {
  if (!token.test(name)) return name
  return name.toLowerCase().replace(/(^|-)[a-z]/g, letter => letter.toUpperCase())
}

export class Header {
  readonly #values = new Map<string, string[]>()

  static of(pairs: Iterable<{ readonly name: string; readonly value: string }>): Header {
    const header = new Header()
    for (const { name, value } of pairs) header.add(name, value)
    return header
  }

  clone(): Header {
    const copy = new Header()
    for (const [name, values] of this.#values) copy.#values.set(name, [...values])
    return copy
  }

  add(name: string, value: string): void {
    const key = canonicalName(name)
    this.#values.set(key, [...(this.#values.get(key) ?? []), value])
  }

  set(name: string, value: string): void {
    this.#values.set(canonicalName(name), [value])
  }

  delete(name: string): void {
    this.#values.delete(canonicalName(name))
  }

  has(name: string): boolean {
    return this.#values.has(canonicalName(name))
  }

  /** The first value; empty when there is none. */
  get(name: string): string {
    return this.#values.get(canonicalName(name))?.[0] ?? ''
  }

  /** Every value with its name, names sorted by their bytes. */
  *sorted(): Generator<readonly [name: string, value: string], void, void> {
    for (const name of [...this.#values.keys()].sort()) {
      for (const value of this.#values.get(name) ?? []) yield [name, value]
    }
  }

  /** Why this can't be sent, in Go's words; undefined when it can. RFC 9110, section 5. */
  get fault(): string | undefined {
    for (const [name, value] of this.sorted()) {
      if (!token.test(name)) return `net/http: invalid header field name ${goQuote(name)}`
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
      if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) return `net/http: invalid header field value for ${goQuote(name)}`
    }
    return undefined
  }
}
