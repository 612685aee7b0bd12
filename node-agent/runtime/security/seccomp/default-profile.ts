// The profile of containers that ask for RuntimeDefault: every system call Linux has but those that reach beyond a
// container, as Docker and containerd draw that line. What came into the kernel later than our table is not there
// (ENOSYS), which programs take as "an older kernel" and work around.
import { type SeccompProfile, type SeccompRule } from './profile.ts'
import { type FilterArch, syscallTables } from './syscall-table.ts'

const ENOSYS = 38
const EPERM = 1

/** Closed to everyone, whatever the capabilities. */
const forbidden = [
  'add_key',
  'create_module',
  'get_kernel_syms',
  'io_uring_enter',
  'io_uring_register',
  'io_uring_setup',
  'kexec_file_load',
  'kexec_load',
  'keyctl',
  'nfsservctl',
  'query_module',
  'request_key',
  'swapoff',
  'swapon',
  'sysfs',
  'uselib',
  'userfaultfd',
  'ustat',
  '_sysctl',
]

/** Open to containers that have the capability. */
const byCapability: Readonly<Record<string, readonly string[]>> = {
  CAP_SYS_ADMIN: [
    'bpf',
    'fanotify_init',
    'fsconfig',
    'fsmount',
    'fsopen',
    'fspick',
    'lookup_dcookie',
    'lsm_set_self_attr',
    'mount',
    'mount_setattr',
    'move_mount',
    'open_tree',
    'open_tree_attr',
    'perf_event_open',
    'pivot_root',
    'quotactl',
    'quotactl_fd',
    'setdomainname',
    'sethostname',
    'setns',
    'syslog',
    'umount2',
    'unshare',
  ],
  CAP_BPF: ['bpf'],
  CAP_DAC_READ_SEARCH: ['open_by_handle_at'],
  CAP_PERFMON: ['perf_event_open'],
  CAP_SYS_BOOT: ['reboot'],
  CAP_SYS_CHROOT: ['chroot'],
  CAP_SYS_MODULE: ['delete_module', 'finit_module', 'init_module'],
  CAP_SYS_NICE: ['get_mempolicy', 'mbind', 'set_mempolicy', 'set_mempolicy_home_node', 'move_pages', 'migrate_pages'],
  CAP_SYS_PACCT: ['acct'],
  CAP_SYS_PTRACE: ['kcmp', 'pidfd_getfd', 'process_madvise'],
  CAP_SYS_RAWIO: ['ioperm', 'iopl'],
  CAP_SYS_TIME: ['clock_adjtime', 'clock_settime', 'settimeofday'],
  CAP_SYS_TTY_CONFIG: ['vhangup'],
  CAP_SYSLOG: ['syslog'],
}

/** CLONE_NEW* of every namespace but time, whose bit means something else to clone(2). */
const cloneNamespaceFlags = 0x7e020000
const AF_VSOCK = 40
/** personality(2): PER_LINUX, PER_LINUX32, their UNAME26 variants, and the question what it is. */
const harmlessPersonalities = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff]

/** Decided by their arguments. */
function byArgument(capabilities: ReadonlySet<string>): readonly SeccompRule[] {
  const mayMakeNamespaces = capabilities.has('CAP_SYS_ADMIN')
  return [
    ...harmlessPersonalities.map(
      (value): SeccompRule => ({
        names: ['personality'],
        action: 'SCMP_ACT_ALLOW',
        args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }],
      }),
    ),
    // Virtual machine sockets reach the host past every network namespace.
    { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: AF_VSOCK, op: 'SCMP_CMP_NE' }] },
    mayMakeNamespaces
      ? { names: ['clone', 'clone3'], action: 'SCMP_ACT_ALLOW' }
      : {
          names: ['clone'],
          action: 'SCMP_ACT_ALLOW',
          args: [{ index: 0, value: cloneNamespaceFlags, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
        },
    // Its flags lie in memory, out of a filter's sight: libc falls back to clone(2) when there is none.
    ...(mayMakeNamespaces ? [] : [{ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS } as const]),
  ]
}

/** @param capabilities the container's bounding set */
export function defaultProfile(capabilities: readonly string[], arch: FilterArch): SeccompProfile {
  const held = new Set(capabilities)
  const special = byArgument(held)
  const open = new Set(capabilities.flatMap(name => byCapability[name] ?? []))
  const closed = [...forbidden, ...Object.values(byCapability).flat()].filter(name => !open.has(name))
  const decided = new Set([...closed, ...special.flatMap(rule => rule.names)])
  const allowed = [...syscallTables[arch].keys()].filter(name => !decided.has(name))
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: ENOSYS,
    syscalls: [
      { names: allowed, action: 'SCMP_ACT_ALLOW' },
      ...special,
      { names: [...closed, 'personality', 'socket', 'clone'], action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
    ],
  }
}
