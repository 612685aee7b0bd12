// Values of a query as Kubernetes' servers convert them, with the words of the Go functions that refuse them.
// k8s.io/apimachinery/pkg/runtime/converter.go; pkg/apis/meta/v1, Time.UnmarshalQueryParameter
import { StatusError } from '../../../api/errors.ts'
import { parseMoment } from '../../../api/values/time.ts'

const quoted = (text: string): string => JSON.stringify(text)

/** Absent, `false` and `0` are false; anything else, the empty value too, is true. */
export function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)
  return value !== null && value !== '0' && value.toLowerCase() !== 'false'
}

const largest = 2n ** 63n - 1n

/** An int64; undefined when absent. @throws StatusError BadRequest */
export function int64(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const refuse = (why: string) => StatusError.badRequest(`strconv.ParseInt: parsing ${quoted(text)}: ${why}`)
  if (!/^[+-]?\d+$/.test(text)) throw refuse('invalid syntax')
  const value = BigInt(text.replace('+', ''))
  if (value > largest || value < -largest - 1n) throw refuse('value out of range')
  // What is beyond exact numbers is beyond every line, byte and second there is.
  return Number(value)
}

/**
 * A moment in seconds since 1970; undefined when absent, the beginning of time when empty.
 * @throws StatusError BadRequest
 */
export function time(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (text === '' || text === 'null') return 0
  const moment = parseMoment(text)
  if (moment !== undefined) return moment.seconds
  const why = timeFault(text) ?? ': day out of range'
  const as = why.startsWith(': ') ? '' : ' as "2006-01-02T15:04:05Z07:00": '
  throw StatusError.badRequest(`parsing time ${quoted(text)}${as}${why}`)
}

/** RFC 3339 by its parts: how each looks, how Go's layout calls it, and what it must be below. */
const parts: readonly (readonly [
  form: RegExp,
  name: string,
  range?: readonly [what: string, from: number, to: number],
])[] = [
  [/^\d{4}/, '2006'],
  [/^-/, '-'],
  [/^\d\d/, '01', ['month', 1, 12]],
  [/^-/, '-'],
  [/^\d\d/, '02'],
  [/^T/, 'T'],
  [/^\d\d?/, '15', ['hour', 0, 23]],
  [/^:/, ':'],
  [/^\d\d/, '04', ['minute', 0, 59]],
  [/^:/, ':'],
  [/^\d\d(?:[.,]\d+)?/, '05', ['second', 0, 59.999_999_999]],
  [/^(?:Z|[+-]\d\d:\d\d)/, 'Z07:00'],
]

/** Where Go stops reading a text that is no moment; undefined: only its day is wrong. */
function timeFault(text: string): string | undefined {
  let rest = text
  for (const [form, name, range] of parts) {
    const [found] = form.exec(rest) ?? []
    if (found === undefined) return `cannot parse ${quoted(rest)} as ${quoted(name)}`
    const value = Number(found.replace(',', '.'))
    if (range && (value < range[1] || value > range[2])) return `: ${range[0]} out of range`
    rest = rest.slice(found.length)
  }
  return rest === '' ? undefined : `: extra text: ${quoted(rest)}`
}
