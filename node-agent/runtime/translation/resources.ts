// CRI's resources as limits of a cgroup, and what a cgroup refuses as errors about them.
import type { HugepageLimit, LinuxContainerResources, LinuxPodSandboxConfig } from '../../../proto/gen/cri.ts'
import { CgroupError, InUseError, type LimitName, NoRoomError } from '../cgroups/cgroup-error.ts'
import type { CgroupLimits } from '../cgroups/cgroups.ts'
import { RuntimeError } from '../errors.ts'

/** In CRI 0 means "not said", but for huge pages. @throws RuntimeError `invalid` for what is no number or no size */
export function cgroupLimits(resources: LinuxContainerResources | undefined): CgroupLimits {
  if (!resources) return {}
  const { 'pids.max': pidsMax, ...unified } = resources.unified ?? {}
  const hugePages = (resources.hugepageLimits ?? []).map(hugePageLimit)
  return {
    ...(resources.cpuShares && { cpuShares: resources.cpuShares }),
    ...(resources.cpuQuota && { cpuQuotaUs: resources.cpuQuota }),
    ...(resources.cpuPeriod && { cpuPeriodUs: resources.cpuPeriod }),
    ...(resources.memoryLimitInBytes && { memoryLimitBytes: resources.memoryLimitInBytes }),
    ...(resources.memorySwapLimitInBytes && { memorySwapLimitBytes: resources.memorySwapLimitInBytes }),
    ...(resources.cpusetCpus && { cpusetCpus: resources.cpusetCpus }),
    ...(resources.cpusetMems && { cpusetMems: resources.cpusetMems }),
    ...(hugePages.length > 0 && { hugePages }),
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

function hugePageLimit({ pageSize = '', limit = 0 }: HugepageLimit, index: number) {
  if (/^[1-9][0-9]*[KMGT]?B$/.test(pageSize)) return { pageSize, limitBytes: limit }
  throw new RuntimeError(
    'invalid',
    `hugepage_limits[${index}].page_size: ${JSON.stringify(pageSize)} is none: say 2MB, 1GB`,
  )
}

/** What a pod's cgroup is limited to: what its containers may use, and what running them takes beside that. */
export function podLimits({
  resources,
  overhead,
}: Pick<LinuxPodSandboxConfig, 'resources' | 'overhead'>): CgroupLimits {
  if (!resources || !overhead) return cgroupLimits(resources)
  const more = (amount: number | undefined, by: number | undefined): number | undefined =>
    amount && amount > 0 ? amount + (by ?? 0) : amount
  return cgroupLimits({
    ...resources,
    cpuShares: more(resources.cpuShares, overhead.cpuShares),
    // Quotas count within their periods.
    cpuQuota: more(resources.cpuQuota, ((overhead.cpuQuota ?? 0) * periodOf(resources)) / periodOf(overhead)),
    memoryLimitInBytes: more(resources.memoryLimitInBytes, overhead.memoryLimitInBytes),
  })
}

const periodOf = ({ cpuPeriod }: LinuxContainerResources): number => cpuPeriod || 100_000

const fields: Readonly<Partial<Record<LimitName, string>>> = {
  cpuShares: 'cpu_shares',
  cpuQuotaUs: 'cpu_quota',
  cpuPeriodUs: 'cpu_period',
  memoryLimitBytes: 'memory_limit_in_bytes',
  memorySwapLimitBytes: 'memory_swap_limit_in_bytes',
  pidsLimit: 'unified["pids.max"]',
  cpusetCpus: 'cpuset_cpus',
  cpusetMems: 'cpuset_mems',
  hugePages: 'hugepage_limits',
}

/**
 * Does something to a cgroup.
 * @param resources the message whose fields say what limits are asked for
 * @throws RuntimeError with the field: `invalid` for a value that the kernel does not accept, `state` where more is in use
 *   than the limit allows; `limit` where the cgroups above have no memory for another one; `failed` for what else a cgroup
 *   refuses
 */
export function limiting<T>(resources: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof CgroupError)) throw error
    const { limit, message } = error
    if (error instanceof NoRoomError) throw new RuntimeError('limit', message, { cause: error })
    if (limit === undefined) throw new RuntimeError('failed', message, { cause: error })
    const code = error instanceof InUseError ? 'state' : 'invalid'
    throw new RuntimeError(code, `${resources}.${fields[limit] ?? limit}: ${message}`, { cause: error })
  }
}

/** Resources after an update: what the update does not say stays. */
export function mergeResources(
  old: LinuxContainerResources | undefined,
  update: LinuxContainerResources,
): LinuxContainerResources {
  const silent = (value: unknown): boolean =>
    value === undefined || value === 0 || value === '' || (Array.isArray(value) && value.length === 0)
  const said = Object.entries(update).filter(([, value]) => !silent(value))
  return { ...old, ...Object.fromEntries(said), unified: { ...old?.unified, ...update.unified } }
}
