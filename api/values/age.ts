// How old something is or how long it took, for people: as kubectl prints it.
import { millisecondsOf } from './time.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const year = 365 * day

const pair = (large: number, largeUnit: string, small: number, smallUnit: string) =>
  small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`

/** A duration in two or three significant figures: `42s`, `3m5s`, `25m`, `7h12m`, `2d3h`, `2y30d`. */
export function humanDuration(ms: number): string {
  if (ms <= -2 * second) return '<invalid>'
  if (ms < 0) return '0s'
  const whole = (unit: number) => Math.floor(ms / unit)
  const rest = (of: number, unit: number) => Math.floor((ms % of) / unit)
  if (ms < 2 * minute) return `${whole(second)}s`
  if (ms < 10 * minute) return pair(whole(minute), 'm', rest(minute, second), 's')
  if (ms < 3 * hour) return `${whole(minute)}m`
  if (ms < 8 * hour) return pair(whole(hour), 'h', rest(hour, minute), 'm')
  if (ms < 2 * day) return `${whole(hour)}h`
  if (ms < 8 * day) return pair(whole(day), 'd', rest(day, hour), 'h')
  if (ms < 2 * year) return `${whole(day)}d`
  if (ms < 8 * year) return pair(whole(year), 'y', rest(year, day), 'd')
  return `${whole(year)}y`
}

/** The age of a Time or MicroTime at a moment; `<unknown>` when it is absent. */
export function formatAge(time: string | undefined, nowMs: number): string {
  const then = millisecondsOf(time)
  return then === undefined ? '<unknown>' : humanDuration(nowMs - then)
}
