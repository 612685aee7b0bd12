import { readFileSync } from 'node:fs'
import { CgroupError } from './cgroup-error.ts'
import { type Cgroups } from './cgroups.ts'
import { findHierarchies } from './hierarchies.ts'
import { CgroupsV1 } from './v1/driver.ts'
import { available, CgroupsV2 } from './v2/driver.ts'

/**
 * Finds what is mounted: v2 when cgroup2 has the cpu, memory and pids controllers, else v1.
 * @param root where hierarchies are looked for
 * @throws CgroupError when neither is there
 */
export function openCgroups(root = '/sys/fs/cgroup'): Cgroups {
  const hierarchies = findHierarchies(readFileSync('/proc/self/mountinfo', 'utf8'), root)
  const unified = hierarchies.find(({ version }) => version === 2)
  const given = unified === undefined ? [] : available(unified.mount)
  if (unified !== undefined && ['cpu', 'memory', 'pids'].every(controller => given.includes(controller))) {
    return new CgroupsV2(unified.mount)
  }
  const legacy = hierarchies.filter(({ version }) => version === 1)
  if (legacy.length === 0) {
    throw new CgroupError(
      `no cgroup controllers are mounted below ${root}: mount cgroup2 there (it needs cpu, memory and pids)`,
    )
  }
  return new CgroupsV1(legacy)
}
