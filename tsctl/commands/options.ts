// Option values that commands share, checked where they are parsed.
import { InvalidArgumentError } from 'commander'

/** For an option that may be given several times, or once with commas. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, ...value.split(',').filter(part => part !== '')]
}

export function integer(value: string): number {
  if (!/^-?\d+$/.test(value)) throw new InvalidArgumentError('expected a whole number.')
  return Number(value)
}

/** `90s`, `5m`, `1h30m`: seconds, as kubectl's durations. */
export function seconds(value: string): number {
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(h|m|s|ms)/g)]
  if (parts.length === 0 || parts.map(part => part[0]).join('') !== value) {
    throw new InvalidArgumentError('expected a duration such as 90s, 5m or 1h30m.')
  }
  const units: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 0.001 }
  return parts.reduce((sum, [, count = '0', unit = 's']) => sum + Number(count) * (units[unit] ?? 1), 0)
}
