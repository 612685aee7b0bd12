// cgroup v2 cpu: Documentation/admin-guide/cgroup-v2.rst, CPU Interface Files.
import { type Controller } from '../controller.ts'

export const cpu: Controller = {
  name: 'cpu',
  writes: ({ cpuShares, cpuPeriodUs, cpuQuotaUs }) => [
    ...(cpuShares === undefined ? [] : [{ file: 'cpu.weight', value: String(weightOfShares(cpuShares)) }]),
    ...(cpuQuotaUs === undefined && cpuPeriodUs === undefined
      ? []
      : [{ file: 'cpu.max', value: max(cpuQuotaUs ?? -1, cpuPeriodUs) }]),
  ],
}

/** A quota alone leaves the period as it is. */
function max(quotaUs: number, periodUs: number | undefined): string {
  const quota = quotaUs <= 0 ? 'max' : String(quotaUs)
  return periodUs === undefined ? quota : `${quota} ${periodUs}`
}

/** From v1's 2…262144 to v2's 1…10000, in proportion (KEP-2254). */
export function weightOfShares(shares: number): number {
  const clamped = Math.max(2, Math.min(262_144, shares))
  return 1 + Math.floor(((clamped - 2) * 9999) / 262_142)
}
