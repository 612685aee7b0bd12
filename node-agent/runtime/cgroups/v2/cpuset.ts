// cgroup v2 cpuset: Documentation/admin-guide/cgroup-v2.rst, Cpuset Interface Files.
import { type Controller } from '../controller.ts'

export const cpuset: Controller = {
  name: 'cpuset',
  writes: ({ cpusetCpus, cpusetMems }) => [
    ...(cpusetCpus ? [{ file: 'cpuset.cpus', value: cpusetCpus, limit: 'cpusetCpus' } as const] : []),
    ...(cpusetMems ? [{ file: 'cpuset.mems', value: cpusetMems, limit: 'cpusetMems' } as const] : []),
  ],
}
