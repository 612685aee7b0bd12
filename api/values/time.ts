// Moments as the API writes them: RFC 3339, in UTC. Read as Go's time.Parse reads that layout: an hour of one digit and a
// comma before the fraction are taken, lower-case letters are not.

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:(Z)|([+-])(\d\d):(\d\d))$/
const withMicroseconds = /[.,]\d{6}(?:Z|[+-]\d\d:\d\d)$/

interface Moment {
  /** Since 1970, whole seconds. */
  readonly seconds: number
  readonly nanos: number
}

/** Reads RFC 3339 with any offset; undefined when the text is no moment (a 30 February, say). */
export function parseMoment(text: string): Moment | undefined {
  const match = rfc3339.exec(text)
  if (match === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const fraction = match[7] ?? ''
  const [offsetHours = 0, offsetMinutes = 0] = match.slice(10, 12).map(part => Number(part || 0))
  if (hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  const offset = (offsetHours * 60 + offsetMinutes) * 60 * (match[9] === '-' ? -1 : 1)
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offset
  return { seconds, nanos: Number(fraction.slice(0, 9).padEnd(9, '0')) }
}

/** As `parseMoment`, for a MicroTime, which has six digits of a second. */
export function parseMicroMoment(text: string): Moment | undefined {
  return withMicroseconds.test(text) ? parseMoment(text) : undefined
}

const stem = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19)

/** meta/v1 Time: whole seconds, `2026-01-31T12:00:00Z`. */
export function formatTime({ seconds }: Pick<Moment, 'seconds'>): string {
  return `${stem(seconds)}Z`
}

/** meta/v1 MicroTime: microseconds, `2026-01-31T12:00:00.000000Z`. */
export function formatMicroTime({ seconds, nanos }: Moment): string {
  const micros = Math.floor(nanos / 1000)
  return `${stem(seconds)}.${String(micros).padStart(6, '0')}Z`
}

/** Milliseconds since 1970 (`Date.now()`) as a Time. */
export function timeOf(ms: number): string {
  return formatTime({ seconds: Math.floor(ms / 1000) })
}

/** Milliseconds since 1970 as a MicroTime. */
export function microTimeOf(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  return formatMicroTime({ seconds, nanos: Math.round((ms - seconds * 1000) * 1_000_000) })
}

/** A Time or MicroTime as milliseconds since 1970; undefined when absent or malformed. */
export function millisecondsOf(time: string | undefined): number | undefined {
  const moment = time === undefined ? undefined : parseMoment(time)
  return moment === undefined ? undefined : moment.seconds * 1000 + Math.floor(moment.nanos / 1_000_000)
}
