// cgroup v1 cpuset: Documentation/admin-guide/cgroup-v1/cpusets.rst.
import { type Controller } from '../controller.ts'

export const cpuset: Controller = {
  name: 'cpuset',
  writes: ({ cpusetCpus, cpusetMems }) => [
    ...(cpusetCpus ? [{ file: 'cpuset.cpus', value: cpusetCpus, limit: 'cpusetCpus' } as const] : []),
    ...(cpusetMems ? [{ file: 'cpuset.mems', value: cpusetMems, limit: 'cpusetMems' } as const] : []),
  ],
}

/** A new cpuset of v1 is empty and takes no process; it starts with all its parent has. */
export const inheritedCpusetFiles = ['cpuset.cpus', 'cpuset.mems'] as const
