// cgroup v2 cpu: Documentation/admin-guide/cgroup-v2.rst, CPU Interface Files.
import { type Controller } from '../controller.ts'

export const cpu: Controller = {
  name: 'cpu',
  writes: ({ cpuShares, cpuPeriodUs, cpuQuotaUs }) => [
    ...(cpuShares === undefined
      ? []
      : [{ file: 'cpu.weight', value: String(weightOfShares(cpuShares)), limit: 'cpuShares' } as const]),
    ...(cpuQuotaUs === undefined && cpuPeriodUs === undefined
      ? []
      : [{ file: 'cpu.max', value: max(cpuQuotaUs ?? -1, cpuPeriodUs), limit: 'cpuQuotaUs' } as const]),
  ],
}

/** A quota alone leaves the period as it is. */
function max(quotaUs: number, periodUs: number | undefined): string {
  const quota = quotaUs <= 0 ? 'max' : String(quotaUs)
  return periodUs === undefined ? quota : `${quota} ${periodUs}`
}

/**
 * From v1's 2…262144 to v2's 1…10000, so that each side's default is the other's (1024 is 100): a parabola of logarithms
 * (opencontainers/cgroups). In proportion, as it was at first, a processor's request weighs 39, less than any cgroup that
 * nobody gave a weight.
 */
export function weightOfShares(shares: number): number {
  if (shares <= 2) return 1
  if (shares >= 262_144) return 10_000
  const exponent = Math.log2(shares)
  return Math.ceil(10 ** (exponent ** 2 / 612 + (125 * exponent) / 612 - 7 / 34))
}
