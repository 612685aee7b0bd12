// CRI's resources as limits of a cgroup.
import type { LinuxContainerResources } from '../../../proto/gen/cri.ts'
import type { CgroupLimits } from '../cgroups/cgroups.ts'
import { RuntimeError } from '../errors.ts'

/** In CRI 0 means "not said" throughout. @throws RuntimeError `invalid` for what is no number */
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
    ...(pidsMax !== undefined && { pidsLimit: pidsLimit(pidsMax) }),
    ...(Object.keys(unified).length > 0 && { unified }),
  }
}

function pidsLimit(text: string): number {
  if (text === 'max') return -1
  if (/^[0-9]{1,10}$/.test(text)) return Number(text)
  throw new RuntimeError(
    'invalid',
    `linux.resources.unified["pids.max"]: ${JSON.stringify(text)} is no number, nor max`,
  )
}

/** Resources after an update: what the update does not say stays. */
export function mergeResources(
  old: LinuxContainerResources | undefined,
  update: LinuxContainerResources,
): LinuxContainerResources {
  const said = Object.entries(update).filter(([, value]) => value !== undefined && value !== 0 && value !== '')
  return { ...old, ...Object.fromEntries(said), unified: { ...old?.unified, ...update.unified } }
}
