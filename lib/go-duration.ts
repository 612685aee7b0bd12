/** As Go prints a duration of whole milliseconds: `0s`, `308ms`, `1.5s`, `1m20s`, `5m0s`, `1h0m0s`. */
export function goDuration(ms: number): string {
  const total = Math.max(0, Math.round(ms))
  if (total > 0 && total < 1000) return `${total}ms`
  const rest = (total % 60_000) / 1000
  const [hours, minutes] = [Math.floor(total / 3_600_000), Math.floor(total / 60_000) % 60]
  if (hours > 0) return `${hours}h${minutes}m${rest}s`
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`
}
