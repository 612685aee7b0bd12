/** Escapes with a letter of their own. */
const letters: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

const isPrintable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u

/** A text in quotes as Go writes it (`%q`, strconv.Quote): the form of names and addresses in Kubernetes' messages. */
export function goQuote(text: string): string {
  return `"${Array.from(text, quoteOne).join('')}"`
}

function quoteOne(character: string): string {
  const letter = letters[character]
  if (letter !== undefined) return letter
  if (isPrintable.test(character)) return character
  const code = character.codePointAt(0) ?? 0
  if (code < 0x80) return `\\x${hex(code, 2)}`
  // Half of a surrogate pair stands for no character; Go can't hold it either.
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd'
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`
}

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0')
