// Base64 as JSON carries bytes: RFC 4648, standard alphabet, with padding; line breaks that tools put in are ignored.

/** Without line breaks; undefined when it is none. */
export function canonicalBase64(text: string): string | undefined {
  const joined = /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, '') : text
  const padding = joined.endsWith('==') ? 2 : joined.endsWith('=') ? 1 : 0
  if (joined.length % 4 !== 0) return undefined
  return /[^A-Za-z0-9+/]/.test(padding === 0 ? joined : joined.slice(0, -padding)) ? undefined : joined
}

const isBreak = (character: string): boolean => character === '\r' || character === '\n'

/** The position at which Go's decoder stops (encoding/base64); undefined when it reads the text to its end. */
export function base64Fault(text: string): number | undefined {
  let at = 0
  const skipBreaks = (): void => {
    while (at < text.length && isBreak(text.charAt(at))) at++
  }
  for (;;) {
    let read = 0
    for (; read < 4; read++) {
      skipBreaks()
      if (at === text.length) return read === 0 ? undefined : at - read
      const character = text.charAt(at++)
      if (/[A-Za-z0-9+/]/.test(character)) continue
      if (character !== '=' || read < 2) return at - 1
      if (read === 2) {
        skipBreaks()
        if (at === text.length) return text.length
        if (text.charAt(at) !== '=') return at - 1
        at++
      }
      skipBreaks()
      return at < text.length ? at : undefined
    }
  }
}
