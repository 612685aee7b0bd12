import { humanDuration } from '../../api/values/duration.ts'

/** The time since a moment (RFC 3339), as kubectl shows it; `<unknown>` where there is none. */
export function formatAge(timestamp: string | undefined, nowMs: number): string {
  return timestamp === undefined ? '<unknown>' : humanDuration(nowMs - Date.parse(timestamp))
}
