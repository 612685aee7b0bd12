// JSON text whose objects name a key twice. JSON.parse keeps the last value silently; people who
// wrote a field twice want to know. The scan builds nothing and needs no recursion.

/** So many are told; whoever sends more knows by then. It bounds what a hostile body can cost. */
const mostTold = 20

/**
 * Paths of keys that their object has already, at most 20: `spec.replicas`, `spec.containers[1].name`.
 * @param text valid JSON, which JSON.parse has accepted
 */
export function duplicateKeys(text: string): string[] {
  const duplicates: string[] = []
  const stack: Level[] = []
  let at = 0
  while (at < text.length && duplicates.length < mostTold) {
    const level = stack.at(-1)
    switch (text.charCodeAt(at)) {
      case quote: {
        const end = stringEnd(text, at)
        if (level?.keys !== undefined && level.expectsKey) {
          const key = unquoted(text, at, end)
          level.key = key
          level.expectsKey = false
          if (level.keys.has(key)) duplicates.push(path(stack))
          level.keys.add(key)
        }
        at = end
        continue
      }
      case openBrace:
        stack.push({ keys: new Set(), key: '', expectsKey: true, index: 0 })
        break
      case openBracket:
        stack.push({ keys: undefined, key: '', expectsKey: false, index: 0 })
        break
      case closeBrace:
      case closeBracket:
        stack.pop()
        break
      case comma:
        if (level !== undefined) {
          level.expectsKey = level.keys !== undefined
          level.index++
        }
        break
    }
    at++
  }
  return duplicates
}

interface Level {
  /** Undefined in a list. */
  readonly keys: Set<string> | undefined
  key: string
  expectsKey: boolean
  index: number
}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/** The position after the string that begins at `start`. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  // A quote ends the string unless an odd number of backslashes stands before it.
  while (end !== -1) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++
    if (slashes % 2 === 0) return end + 1
    end = text.indexOf('"', end + 1)
  }
  return text.length
}

function unquoted(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1)
  return raw.includes('\\') ? String(JSON.parse(text.slice(start, end))) : raw
}

function path(stack: readonly Level[]): string {
  let result = ''
  for (const { keys, key, index } of stack) result += keys === undefined ? `[${index}]` : `${result && '.'}${key}`
  return result
}
