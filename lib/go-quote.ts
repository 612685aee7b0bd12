// Texts as Go's %q writes them (strconv.Quote), which Kubernetes' files and messages are made of.

const named: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/** In double quotes; what is not printable is escaped, other languages' letters are not. */
export function goQuote(text: string): string {
  const quoted = text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, character => {
    const code = character.codePointAt(0) ?? 0
    const hex = (digits: number): string => code.toString(16).padStart(digits, '0')
    // Half of a surrogate pair stands for no character; Go can't hold it either.
    if (code >= 0xd800 && code <= 0xdfff) return '\ufffd'
    return named[character] ?? (code < 0x80 ? `\\x${hex(2)}` : code < 0x1_00_00 ? `\\u${hex(4)}` : `\\U${hex(8)}`)
  })
  return `"${quoted}"`
}
