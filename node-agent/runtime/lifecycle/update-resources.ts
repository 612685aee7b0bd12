// Changing limits of what runs.
import type { LinuxContainerResources } from '../../../proto/gen/cri.ts'
import type { Cgroup, CgroupLimits } from '../cgroups/cgroups.ts'
import { RuntimeError } from '../errors.ts'
import type { SandboxRecord } from '../records/records.ts'
import { cgroupLimits, limiting, mergeResources, podLimits } from '../translation/resources.ts'
import { needContainer } from './ids.ts'
import { weighGroup } from './pod-groups.ts'
import type { Runtime } from './runtime.ts'

/** @throws RuntimeError `state` for one that has ended; `invalid` when the kernel refuses a value: then none is changed */
export async function updateContainerResources(
  runtime: Runtime,
  id: string,
  update: LinuxContainerResources,
): Promise<void> {
  await runtime.locks.run(id, () => {
    const record = needContainer(runtime, id)
    if (record.exit) throw new RuntimeError('state', `container ${id} has ended`)
    const before = record.config.linux?.resources
    const resources = mergeResources(before, update)
    changeLimits(runtime.cgroups.open(record.cgroupPath), 'linux', cgroupLimits(before), cgroupLimits(resources))
    const linux = { ...record.config.linux, resources }
    runtime.containerRecords.save({ ...record, config: { ...record.config, linux } })
  })
}

/** A client that has made the pod's cgroup itself, as the kubelet does, has its limits in hand too. */
export function limitsToSet(
  { cgroups, cgroupRoot }: Runtime,
  { cgroupParent, config }: Pick<SandboxRecord, 'cgroupParent' | 'config'>,
): CgroupLimits {
  const limits = podLimits(config.linux ?? {})
  return cgroups.isOwn(cgroupParent, cgroupRoot) ? limits : {}
}

/** Keeps the change on record and, where the pod's limits are this runtime's to set, sets them. */
export function updateSandboxResources(
  runtime: Runtime,
  record: SandboxRecord,
  update: {
    readonly resources: LinuxContainerResources | undefined
    readonly overhead: LinuxContainerResources | undefined
  },
): void {
  const { cgroups, cgroupRoot, sandboxRecords } = runtime
  const { linux = {} } = record.config
  const resources = mergeResources(linux.resources, update.resources ?? {})
  const overhead = update.overhead ? mergeResources(linux.overhead, update.overhead) : linux.overhead
  const changed = { resources, ...(overhead && { overhead }) }
  if (cgroups.isOwn(record.cgroupParent, cgroupRoot)) {
    changeLimits(cgroups.open(record.cgroupParent), 'resources', podLimits(linux), podLimits(changed))
  }
  sandboxRecords.save({ ...record, config: { ...record.config, linux: { ...linux, ...changed } } })
  weighGroup(runtime, record.cgroupParent)
}

/** All of them or, when the kernel refuses one, none. */
function changeLimits(cgroup: Cgroup, field: string, before: CgroupLimits, after: CgroupLimits): void {
  try {
    limiting(field, () => cgroup.setLimits(after))
  } catch (error) {
    restore(cgroup, before, after)
    throw error
  }
}

/** What a new cgroup has. */
const unlimited: CgroupLimits = {
  cpuShares: 1024,
  cpuQuotaUs: -1,
  memoryLimitBytes: -1,
  memorySwapLimitBytes: -1,
  pidsLimit: -1,
}

/** Takes back what was changed before the kernel refused. */
function restore(cgroup: Cgroup, before: CgroupLimits, after: CgroupLimits): void {
  const held: CgroupLimits = { ...unlimited, ...before }
  const limits = Object.keys(held) as (keyof CgroupLimits)[]
  const back = Object.fromEntries(
    limits.filter(limit => limit in after && after[limit] !== before[limit]).map(limit => [limit, held[limit]]),
  )
  try {
    cgroup.setLimits(back)
  } catch {
    // That the change failed is told anyway.
  }
}
