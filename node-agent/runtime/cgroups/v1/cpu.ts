// cgroup v1 cpu: Documentation/scheduler/sched-bwc.rst, sched-design-CFS.rst.
import { type Controller } from '../controller.ts'
import { type CgroupWrite } from '../files.ts'

export const cpu: Controller = {
  name: 'cpu',
  writes: ({ cpuShares, cpuPeriodUs, cpuQuotaUs }) => [
    ...(cpuShares === undefined
      ? []
      : [
          { file: 'cpu.shares', value: String(Math.max(2, Math.min(262_144, cpuShares))), limit: 'cpuShares' } as const,
        ]),
    // Quota and period are checked together, against those of the cgroup above; so the former gives way to the latter.
    ...(cpuPeriodUs === undefined || cpuQuotaUs === undefined ? [] : [quota(-1)]),
    ...(cpuPeriodUs === undefined
      ? []
      : [{ file: 'cpu.cfs_period_us', value: String(cpuPeriodUs), limit: 'cpuPeriodUs', optional: true } as const]),
    ...(cpuQuotaUs === undefined || (cpuQuotaUs < 0 && cpuPeriodUs !== undefined) ? [] : [quota(cpuQuotaUs)]),
  ],
}

const quota = (value: number): CgroupWrite => ({
  file: 'cpu.cfs_quota_us',
  value: String(value),
  limit: 'cpuQuotaUs',
  optional: true,
})
