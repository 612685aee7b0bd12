// Cgroups between our root and those of pods (Kubernetes' burstable and besteffort) weigh against each other, and
// against pods beside them, as much as their pods ask for together: else a class of many pods would have no more of the
// processors than a single pod. (pkg/kubelet/cm/qos_container_manager_linux.go)
import path from 'node:path'
import { messageOf } from '../errors.ts'
import type { SandboxRecord } from '../records/records.ts'
import { podLimits } from '../translation/resources.ts'
import type { Runtime } from './runtime.ts'

/** The kernel's least, which pods weigh that ask for nothing: any number of them together weigh no more. */
const leastShares = 2

/** What the pods of a group that run ask for together. Pure. */
function groupShares(group: string, sandboxes: readonly SandboxRecord[]): number {
  const pods = new Map(
    sandboxes
      .filter(({ cgroupParent, notReady }) => !notReady && path.dirname(cgroupParent) === group)
      .map(({ cgroupParent, config }) => [cgroupParent, podLimits(config.linux ?? {}).cpuShares ?? 0]),
  )
  const asked = [...pods.values()].filter(shares => shares > leastShares)
  return Math.max(
    leastShares,
    asked.reduce((sum, shares) => sum + shares, 0),
  )
}

/**
 * A client that makes such groups itself, as the kubelet does, weighs them, too.
 * @param cgroupParent of a pod that has come, gone or changed; its cgroup is there
 */
export function weighGroup(runtime: Runtime, cgroupParent: string): void {
  const { cgroups, cgroupRoot, sandboxRecords, logger } = runtime
  const group = path.dirname(cgroupParent)
  if (!group.startsWith(`${cgroupRoot}/`) || !cgroups.isOwn(group, cgroupRoot)) return
  try {
    cgroups.open(group).setLimits({ cpuShares: groupShares(group, sandboxRecords.list()) })
  } catch (error) {
    logger.warn({ cgroup: group, error: messageOf(error) }, 'the weight of a group of pods could not be set')
  }
}
