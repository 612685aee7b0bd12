// Why a text is no time, in the words of Go's time.Parse.

const layouts = {
  time: '2006-01-02T15:04:05Z07:00',
  microTime: '2006-01-02T15:04:05.000000Z07:00',
} as const

/** The parts of a layout in their order, each with what it reads from the front of a text. */
const parts: readonly (readonly [element: string, pattern: RegExp])[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d\d/],
  ['-', /^-/],
  ['02', /^\d\d/],
  ['T', /^T/],
  ['15', /^\d\d?/],
  [':', /^:/],
  ['04', /^\d\d/],
  [':', /^:/],
  ['05', /^\d\d/],
]
const ranges: Readonly<Record<string, readonly [what: string, from: number, to: number]>> = {
  '01': ['month', 1, 12],
  '15': ['hour', 0, 23],
  '04': ['minute', 0, 59],
  '05': ['second', 0, 59],
}

/** Undefined when it is one. @param micro with exactly six digits of a second */
export function timeFault(text: string, micro: boolean): string | undefined {
  const quoted = JSON.stringify(text)
  const layout = micro ? layouts.microTime : layouts.time
  const cannot = (rest: string, element: string): string =>
    `parsing time ${quoted} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(element)}`
  let rest = text
  const numbers: number[] = []
  for (const [element, pattern] of parts) {
    const [matched] = pattern.exec(rest) ?? []
    if (matched === undefined) return cannot(rest, element)
    rest = rest.slice(matched.length)
    if (/\d/.test(matched)) numbers.push(Number(matched))
    const range = ranges[element]
    const value = numbers.at(-1) ?? 0
    if (range && (value < range[1] || value > range[2])) return `parsing time ${quoted}: ${range[0]} out of range`
  }
  const [fraction] = (micro ? /^[.,]\d{6}(?!\d)/ : /^(?:[.,]\d+)?/).exec(rest) ?? []
  if (fraction === undefined) return cannot(rest, '.000000')
  rest = rest.slice(fraction.length)
  const [zone] = /^(?:Z|[+-]\d\d:\d\d)/.exec(rest) ?? []
  if (zone === undefined) return cannot(rest, 'Z07:00')
  rest = rest.slice(zone.length)
  if (rest !== '') return `parsing time ${quoted}: extra text: ${JSON.stringify(rest)}`
  const [year = 0, month = 1, day = 0] = numbers
  const days = new Date(Date.UTC(year % 400 === 0 ? 2000 : year, month, 0)).getUTCDate()
  return day < 1 || day > days ? `parsing time ${quoted}: day out of range` : undefined
}
