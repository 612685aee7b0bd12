// cgroup v1 cpu: Documentation/scheduler/sched-bwc.rst, sched-design-CFS.rst.
import { type Controller } from '../controller.ts'

export const cpu: Controller = {
  name: 'cpu',
  writes: ({ cpuShares, cpuPeriodUs, cpuQuotaUs }) => [
    ...(cpuShares === undefined
      ? []
      : [{ file: 'cpu.shares', value: String(Math.max(2, Math.min(262_144, cpuShares))) }]),
    // The period first: a quota is checked against it.
    ...(cpuPeriodUs === undefined ? [] : [{ file: 'cpu.cfs_period_us', value: String(cpuPeriodUs), optional: true }]),
    ...(cpuQuotaUs === undefined ? [] : [{ file: 'cpu.cfs_quota_us', value: String(cpuQuotaUs), optional: true }]),
  ],
}
