// Changing limits of what runs.
import type { LinuxContainerResources } from '../../../proto/gen/cri.ts'
import type { Cgroup, CgroupLimits } from '../cgroups/cgroups.ts'
import { RuntimeError } from '../errors.ts'
import type { SandboxRecord } from '../records/records.ts'
import { cgroupLimits, mergeResources } from '../translation/resources.ts'
import { limiting } from './cgroup-failure.ts'
import { needContainer } from './ids.ts'
import type { Parts } from './parts.ts'

/** @throws RuntimeError `state` for one that has ended; `invalid` when the kernel refuses a value: then none is changed */
export async function updateContainerResources(
  parts: Parts,
  id: string,
  update: LinuxContainerResources,
): Promise<void> {
  await parts.locks.run(id, () => {
    const record = needContainer(parts, id)
    if (record.exit) throw new RuntimeError('state', `container ${id} has ended`)
    const resources = changeLimits(parts, record.cgroupPath, record.config.linux?.resources, update)
    const linux = { ...record.config.linux, resources }
    parts.containerRecords.save({ ...record, config: { ...record.config, linux } })
  })
}

/** A client that has made the pod's cgroup itself, as the kubelet does, has its limits in hand too. */
export function podLimits(
  { cgroups, cgroupRoot }: Parts,
  { cgroupParent, config }: Pick<SandboxRecord, 'cgroupParent' | 'config'>,
): CgroupLimits {
  const limits = cgroupLimits(config.linux?.resources)
  return cgroups.isOwn(cgroupParent, cgroupRoot) ? limits : {}
}

/** Keeps the change on record and, where the pod's limits are this runtime's to set, sets them. */
export function updateSandboxResources(
  parts: Parts,
  record: SandboxRecord,
  update: {
    readonly resources: LinuxContainerResources | undefined
    readonly overhead: LinuxContainerResources | undefined
  },
): void {
  const { linux } = record.config
  const resources = parts.cgroups.isOwn(record.cgroupParent, parts.cgroupRoot)
    ? changeLimits(parts, record.cgroupParent, linux?.resources, update.resources ?? {})
    : mergeResources(linux?.resources, update.resources ?? {})
  const changed = { ...linux, resources, ...(update.overhead && { overhead: update.overhead }) }
  parts.sandboxRecords.save({ ...record, config: { ...record.config, linux: changed } })
}

/** All of them or, when the kernel refuses one, none. @returns the resources on record from now on */
function changeLimits(
  parts: Parts,
  path: string,
  before: LinuxContainerResources | undefined,
  update: LinuxContainerResources,
): LinuxContainerResources {
  const resources = mergeResources(before, update)
  const limits = cgroupLimits(resources)
  const cgroup = parts.cgroups.open(path)
  try {
    limiting('linux', () => cgroup.setLimits(limits))
  } catch (error) {
    restore(cgroup, cgroupLimits(before), cgroupLimits(update))
    throw error
  }
  return resources
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
function restore(cgroup: Cgroup, before: CgroupLimits, changed: CgroupLimits): void {
  const held = { ...unlimited, ...before }
  const back = Object.fromEntries(Object.entries(held).filter(([limit]) => limit in changed))
  try {
    cgroup.setLimits(back)
  } catch {
    // That the change failed is told anyway.
  }
}
