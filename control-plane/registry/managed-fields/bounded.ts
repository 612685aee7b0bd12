// An object keeps at most so many managers of updates; the oldest become one, `ancient-changes`, for each version.
// After apimachinery v0.36 (pkg/util/managedfields/internal/capmanagers.go).
import type { Ownership } from '../../../api/merge/managers.ts'
import { type Managed, managerKey } from './entries.ts'

const mostUpdaters = 10
const ancientManager = 'ancient-changes'

export function bounded({ managers, times }: Managed): Managed {
  const updaters = [...managers].filter(([, { applied }]) => !applied).map(([key]) => key)
  if (updaters.length <= mostUpdaters) return { managers, times }
  const age = (key: string): string => times.get(key) ?? ''
  updaters.sort((a, b) => (age(a) === age(b) ? (a < b ? -1 : 1) : age(a) < age(b) ? -1 : 1))
  const left = new Map(managers)
  const leftTimes = new Map(times)
  const firstOfVersion = new Map<string, string>()
  let count = updaters.length
  for (const key of updaters) {
    if (count <= mostUpdaters) break
    const ownership = left.get(key)
    if (ownership === undefined) continue
    const { apiVersion } = ownership
    const first = firstOfVersion.get(apiVersion)
    if (first === undefined) {
      firstOfVersion.set(apiVersion, key)
      continue
    }
    const bucket = managerKey({ manager: ancientManager, operation: 'Update', apiVersion })
    const gathered: Ownership | undefined = left.get(bucket) ?? left.get(first)
    left.delete(first)
    left.delete(key)
    left.set(bucket, gathered === undefined ? ownership : { ...ownership, set: ownership.set.union(gathered.set) })
    const time = times.get(key)
    if (time !== undefined) leftTimes.set(bucket, time)
    count--
  }
  return { managers: left, times: leftTimes }
}
