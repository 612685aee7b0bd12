// Why a text is no JSON, in the words of Go's encoding/json, which Kubernetes hands to its clients. Only asked once JSON.parse
// has refused the text.

/** Go counts objects and lists within each other up to this many. */
const mostDepth = 10_000

/** Undefined when nothing is wrong. @param text one character for each byte (latin1): Go shows bytes */
export function jsonSyntaxFault(text: string): string | undefined {
  try {
    new Scanner(text).document()
    return undefined
  } catch (fault) {
    if (fault instanceof SyntaxFault) return fault.message
    throw fault
  }
}

class SyntaxFault extends Error {}

const blank = /[ \t\r\n]/

class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): void {
    const open: ('{' | '[')[] = []
    do {
      this.#blanks()
      const first = this.#peek()
      if (first === '{' || first === '[') {
        if (open.length === mostDepth) this.#fail('exceeded max depth')
        this.#at++
        this.#blanks()
        if (!this.#accept(first === '{' ? '}' : ']')) {
          open.push(first)
          if (first === '{') this.#key()
          continue
        }
      } else this.#scalar(first)
      this.#closeWhatEnds(open)
    } while (open.length > 0)
    this.#blanks()
    if (this.#at < this.#text.length) this.#fail('after top-level value')
  }

  /** After a value: up to where the next one begins. */
  #closeWhatEnds(open: ('{' | '[')[]): void {
    for (let innermost = open.at(-1); innermost !== undefined; innermost = open.at(-1)) {
      this.#blanks()
      const isObject = innermost === '{'
      if (this.#accept(isObject ? '}' : ']')) {
        open.pop()
        continue
      }
      if (!this.#accept(',')) this.#fail(isObject ? 'after object key:value pair' : 'after array element')
      if (isObject) this.#key()
      return
    }
  }

  #key(): void {
    this.#blanks()
    if (this.#peek() !== '"') this.#fail('looking for beginning of object key string')
    this.#string()
    this.#blanks()
    if (!this.#accept(':')) this.#fail('after object key')
  }

  #scalar(first: string): void {
    if (first === '"') this.#string()
    else if (first === '-' || /\d/.test(first)) this.#number()
    else if (first === 't') this.#literal('true')
    else if (first === 'f') this.#literal('false')
    else if (first === 'n') this.#literal('null')
    else this.#fail('looking for beginning of value')
  }

  #string(): void {
    this.#at++
    for (;;) {
      const character = this.#peek()
      if (character < ' ') this.#fail('in string literal')
      this.#at++
      if (character === '"') return
      if (character === '\\') this.#escape()
    }
  }

  #escape(): void {
    const character = this.#peek()
    if (!/["\\/bfnrtu]/.test(character)) this.#fail('in string escape code')
    this.#at++
    for (let digit = 0; character === 'u' && digit < 4; digit++) {
      if (!/[0-9a-fA-F]/.test(this.#peek())) this.#fail('in \\u hexadecimal character escape')
      this.#at++
    }
  }

  #number(): void {
    if (this.#accept('-') && !/\d/.test(this.#peek())) this.#fail('in numeric literal')
    if (!this.#accept('0')) this.#digits()
    if (this.#accept('.')) {
      if (!/\d/.test(this.#peek())) this.#fail('after decimal point in numeric literal')
      this.#digits()
    }
    if (this.#accept('e') || this.#accept('E')) {
      if (!this.#accept('+')) this.#accept('-')
      if (!/\d/.test(this.#peek())) this.#fail('in exponent of numeric literal')
      this.#digits()
    }
  }

  #digits(): void {
    while (/\d/.test(this.#text.charAt(this.#at))) this.#at++
  }

  #literal(word: string): void {
    for (const expected of word) {
      if (this.#peek() !== expected) this.#fail(`in literal ${word} (expecting '${expected}')`)
      this.#at++
    }
  }

  #blanks(): void {
    while (blank.test(this.#text.charAt(this.#at))) this.#at++
  }

  #accept(character: string): boolean {
    if (this.#text.charAt(this.#at) !== character) return false
    this.#at++
    return true
  }

  #peek(): string {
    if (this.#at >= this.#text.length) throw new SyntaxFault('unexpected end of JSON input')
    return this.#text.charAt(this.#at)
  }

  #fail(where: string): never {
    throw new SyntaxFault(`invalid character ${quoted(this.#peek())} ${where}`)
  }
}

function quoted(character: string): string {
  if (character === "'") return "'\\''"
  if (character === '"') return "'\"'"
  if (character >= ' ' && character !== '\x7f') return `'${character}'`
  const escaped = JSON.stringify(character).slice(1, -1)
  return `'${/^\\u00/.test(escaped) ? escaped.replace('\\u00', '\\x') : escaped}'`
}
