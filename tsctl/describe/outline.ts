// Text as `describe` shows it: labelled values, aligned within their level, levels indented by two.

export type Entry = readonly [label: string, value: string | readonly string[] | Outline]

/** Nested labelled values; a table or any other text may stand as a level of its own. */
export interface Outline {
  readonly entries: readonly Entry[]
}

export const outline = (...entries: (Entry | undefined)[]): Outline => ({
  entries: entries.filter(entry => entry !== undefined),
})

/** Shown for what is not there. */
export const none = '<none>'

export function formatOutline({ entries }: Outline, indent = 0): string {
  const margin = ' '.repeat(indent)
  const width = Math.max(0, ...entries.filter(([, value]) => !isOutline(value)).map(([label]) => label.length)) + 1
  return entries
    .map(([label, value]) => {
      if (isOutline(value)) return `${margin}${label}:\n${formatOutline(value, indent + 2)}`
      const [first = none, ...rest] = typeof value === 'string' ? [value] : value
      const column = ' '.repeat(indent + width + 2)
      const lines = [`${margin}${`${label}:`.padEnd(width + 2)}${first}`, ...rest.map(line => `${column}${line}`)]
      return lines.map(line => `${line.trimEnd()}\n`).join('')
    })
    .join('')
}

function isOutline(value: Entry[1]): value is Outline {
  return typeof value === 'object' && !Array.isArray(value)
}

/** `key=value` lines in order. */
export function pairs(map: Readonly<Record<string, string>> | undefined, separator = '='): string[] {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}${separator}${value}`)
}
