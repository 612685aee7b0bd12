// What every container finds mounted, whatever its image holds: the file systems and devices of the OCI runtime
// specification (config-linux.md, "Default Filesystems" and "Default Devices").
import { type CgroupAttachment, type ContainerSpec } from './container-spec.ts'
import { type DeviceNode, type MountFlags, type Step } from './plan.ts'

const locked: MountFlags = { noSuid: true, noDev: true, noExec: true }

function fileSystem(
  type: string,
  target: string,
  options: Readonly<Record<string, string | true>>,
  flags: MountFlags,
  source = type,
): Step {
  return { do: 'mountFileSystem', type, source, target, options, flags, strict: true }
}

function charDevice(path: string, major: number, minor: number): DeviceNode {
  return { path, type: 'char', major, minor, mode: 0o666, uid: 0, gid: 0 }
}

const standardDevices: readonly DeviceNode[] = [
  charDevice('/dev/null', 1, 3),
  charDevice('/dev/zero', 1, 5),
  charDevice('/dev/full', 1, 7),
  charDevice('/dev/random', 1, 8),
  charDevice('/dev/urandom', 1, 9),
  charDevice('/dev/tty', 5, 0),
]

const devLinks = [
  { path: '/dev/fd', target: '/proc/self/fd' },
  { path: '/dev/stdin', target: '/proc/self/fd/0' },
  { path: '/dev/stdout', target: '/proc/self/fd/1' },
  { path: '/dev/stderr', target: '/proc/self/fd/2' },
  { path: '/dev/ptmx', target: 'pts/ptmx' },
]

/** The gid of `tty` in every distribution: who may write(1) to a terminal. */
const ttyGid = '5'

/** Steps that mount them, in order, below the plan's root. */
export function standardMounts(spec: ContainerSpec): readonly Step[] {
  const own = (target: string): boolean => spec.mounts.some(mount => mount.target === target)
  const { privileged } = spec.process
  return [
    fileSystem('proc', '/proc', {}, locked),
    fileSystem('tmpfs', '/dev', { mode: '755', size: '65536k' }, { noSuid: true }),
    { do: 'makeDevices', devices: devicesOf(spec) },
    { do: 'makeSymlinks', links: devLinks },
    fileSystem(
      'devpts',
      '/dev/pts',
      { newinstance: true, ptmxmode: '0666', mode: '0620', gid: ttyGid },
      {
        noSuid: true,
        noExec: true,
      },
    ),
    fileSystem('mqueue', '/dev/mqueue', {}, locked),
    ...(own('/dev/shm') ? [] : [fileSystem('tmpfs', '/dev/shm', { mode: '1777', size: '65536k' }, locked, 'shm')]),
    ...(own('/sys') ? [] : [sysfs(privileged), ...cgroupMounts(spec.cgroup, privileged)]),
  ]
}

/** One node a path. */
function devicesOf({ devices = [] }: ContainerSpec): readonly DeviceNode[] {
  const nodes = devices.map(({ access: _access, ...node }) => node)
  return [...new Map([...standardDevices, ...nodes].map(node => [node.path, node])).values()]
}

/** A sysfs shows the network namespace of whoever mounts it, which only that namespace's owner may do. */
function sysfs(privileged: boolean): Step {
  return fileSystem('sysfs', '/sys', {}, { ...locked, readOnly: !privileged })
}

function cgroupMounts(cgroup: CgroupAttachment | undefined, privileged: boolean): readonly Step[] {
  if (cgroup === undefined) return []
  const flags: MountFlags = { ...locked, readOnly: !privileged }
  if (cgroup.version === 2) return [fileSystem('cgroup2', '/sys/fs/cgroup', {}, flags, 'cgroup')]
  return [
    fileSystem('tmpfs', '/sys/fs/cgroup', { mode: '755' }, locked),
    ...cgroup.hierarchies.map(([directory, option]) =>
      fileSystem('cgroup', `/sys/fs/cgroup/${directory}`, optionOf(option), flags, 'cgroup'),
    ),
  ]
}

/** `memory` is a flag of cgroup v1, `name=systemd` a string. */
function optionOf(option: string): Readonly<Record<string, string | true>> {
  const [key = '', value] = option.split('=')
  return { [key]: value ?? true }
}
