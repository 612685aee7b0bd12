// What is mounted: from /proc/self/mountinfo (proc(5)) to the hierarchies a driver works on. Pure.

export interface Hierarchy {
  readonly version: 1 | 2
  /** Where it is mounted. */
  readonly mount: string
  /** v1: its controllers, as mounted; v2: none, its root's cgroup.controllers file tells. */
  readonly controllers: readonly string[]
}

/** @param root only what is mounted there or below; symbolic names (`name=systemd`) are no controllers */
export function findHierarchies(mountinfo: string, root: string): Hierarchy[] {
  return mountinfo.split('\n').flatMap((line): Hierarchy[] => {
    const [before = '', after = ''] = line.split(' - ')
    const mount = unescape(before.split(' ')[4] ?? '')
    const [type, , options = ''] = after.split(' ')
    if (mount !== root && !mount.startsWith(`${root}/`)) return []
    if (type === 'cgroup2') return [{ version: 2, mount, controllers: [] }]
    if (type !== 'cgroup') return []
    const controllers = options.split(',').filter(option => known.has(option))
    return controllers.length === 0 ? [] : [{ version: 1, mount, controllers }]
  })
}

/** cgroups(7). */
const known = new Set([
  'blkio',
  'cpu',
  'cpuacct',
  'cpuset',
  'devices',
  'freezer',
  'hugetlb',
  'memory',
  'net_cls',
  'net_prio',
  'perf_event',
  'pids',
  'rdma',
])

/** mountinfo writes blanks and backslashes as octal numbers. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
