// CRI's resources as limits of a cgroup.
import type { LinuxContainerResources } from '../../../proto/gen/cri.ts'
import type { CgroupLimits } from '../cgroups/cgroups.ts'

/** In CRI 0 means "not said" throughout. */
export function cgroupLimits(resources: LinuxContainerResources | undefined): CgroupLimits {
  if (!resources) return {}
  const { 'pids.max': pidsMax, ...unified } = resources.unified ?? {}
  return {
    ...(resources.cpuShares && { cpuShares: resources.cpuShares }),
    ...(resources.cpuQuota && { cpuQuotaUs: resources.cpuQuota }),
    ...(resources.cpuPeriod && { cpuPeriodUs: resources.cpuPeriod }),
    ...(resources.memoryLimitInBytes && { memoryLimitBytes: resources.memoryLimitInBytes }),
    ...(resources.memorySwapLimitInBytes && { memorySwapLimitBytes: resources.memorySwapLimitInBytes }),
    ...(resources.cpusetCpus && { cpusetCpus: resources.cpusetCpus }),
    ...(resources.cpusetMems && { cpusetMems: resources.cpusetMems }),
    // CRI has no field for it; its name in cgroup v2 serves for v1 as well.
    ...(pidsMax !== undefined && { pidsLimit: pidsMax === 'max' ? -1 : Number(pidsMax) }),
    ...(Object.keys(unified).length > 0 && { unified }),
  }
}

/** Resources after an update: what the update does not say stays. */
export function mergeResources(
  old: LinuxContainerResources | undefined,
  update: LinuxContainerResources,
): LinuxContainerResources {
  const said = Object.entries(update).filter(([, value]) => value !== undefined && value !== 0 && value !== '')
  return { ...old, ...Object.fromEntries(said), unified: { ...old?.unified, ...update.unified } }
}
