// The runtime's own profile, Kubernetes' RuntimeDefault: what Docker and containerd let programs do. An allow list: what is
// not named fails with EPERM.
import { constants } from 'node:os'
import type { SeccompAction, SeccompProfile, SeccompRule, SyscallCondition } from './seccomp-profile.ts'

const allow: SeccompAction = { kind: 'allow' }
const { EPERM, ENOSYS } = constants.errno
const refuse: SeccompAction = { kind: 'errno', errno: EPERM }

/** For every container. io_uring is missing on purpose: what it is told to do passes by every filter. */
const everyone = {
  descriptors: `
    close close_range copy_file_range creat dup dup2 dup3 fadvise64 fallocate fcntl fdatasync flock fsync ftruncate
    ioctl lseek open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readv sendfile
    splice sync sync_file_range syncfs tee truncate vmsplice write writev`,
  names: `
    access chdir chmod chown faccessat faccessat2 fchdir fchmod fchmodat fchmodat2 fchown fchownat fgetxattr
    flistxattr fremovexattr fsetxattr fstat fstatfs futimesat getcwd getdents getdents64 getxattr getxattrat lchown
    lgetxattr link linkat listxattr listxattrat llistxattr lremovexattr lsetxattr lstat mkdir mkdirat mknod mknodat
    name_to_handle_at newfstatat readlink readlinkat removexattr removexattrat rename renameat renameat2 rmdir
    setxattr setxattrat stat statfs statx symlink symlinkat umask unlink unlinkat utime utimensat utimes`,
  events: `
    epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd
    eventfd2 fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy
    io_getevents io_pgetevents io_setup io_submit pipe pipe2 poll ppoll pselect6 select signalfd signalfd4`,
  sockets: `
    accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg
    sendto setsockopt shutdown socket socketpair`,
  memory: `
    brk cachestat madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap
    mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease
    remap_file_pages`,
  ipc: `
    mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd semctl semget
    semop semtimedop shmat shmctl shmdt shmget`,
  processes: `
    execve execveat exit exit_group fork futex futex_requeue futex_wait futex_waitv futex_wake get_robust_list
    get_thread_area getpgid getpgrp getpid getppid getsid gettid pidfd_open pidfd_send_signal prctl process_vm_readv
    process_vm_writev ptrace restart_syscall rseq set_robust_list set_thread_area set_tid_address setpgid setsid
    uprobe uretprobe vfork wait4 waitid arch_prctl modify_ldt`,
  signals: `
    kill pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
    rt_tgsigqueueinfo sigaltstack tgkill tkill`,
  scheduling: `
    getcpu getpriority getrlimit getrusage ioprio_get ioprio_set prlimit64 sched_get_priority_max
    sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
    sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield setpriority setrlimit`,
  /** The kernel asks who sets a clock for CAP_SYS_TIME. */
  time: `
    adjtimex alarm clock_adjtime clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer
    time timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime
    timerfd_settime times`,
  /** Who one is, and giving up rights. */
  rights: `
    capget capset getegid geteuid getgid getgroups getresgid getresuid getuid landlock_add_rule
    landlock_create_ruleset landlock_restrict_self seccomp setfsgid setfsuid setgid setgroups setregid setresgid
    setresuid setreuid setuid`,
  machine: 'getrandom sysinfo uname',
}

/** What the kernel itself allows to holders of a capability only; without it not even the kernel's check is reached. */
const byCapability: Readonly<Record<string, string>> = {
  CAP_BPF: 'bpf',
  CAP_DAC_READ_SEARCH: 'open_by_handle_at',
  CAP_PERFMON: 'perf_event_open',
  CAP_SYS_ADMIN: `bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick listmount lookup_dcookie mount mount_setattr
    move_mount open_tree open_tree_attr perf_event_open quotactl quotactl_fd setdomainname sethostname setns statmount
    syslog umount2 unshare`,
  CAP_SYS_BOOT: 'reboot',
  CAP_SYS_CHROOT: 'chroot',
  CAP_SYS_MODULE: 'delete_module finit_module init_module',
  CAP_SYS_NICE: 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node',
  CAP_SYS_PACCT: 'acct',
  CAP_SYS_PTRACE: 'kcmp pidfd_getfd process_madvise',
  CAP_SYS_RAWIO: 'ioperm iopl',
  CAP_SYS_TIME: 'clock_settime settimeofday',
  CAP_SYS_TTY_CONFIG: 'vhangup',
  CAP_SYSLOG: 'syslog',
}

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET of linux/sched.h. */
const newNamespaces = 0x7e02_0000n

const AF_VSOCK = 40n
/** The kernel looks at the lower half of an int only. */
const intBits = 0xffff_ffffn

/** linux/personality.h: Linux, its 32-bit and 2.6 faces, both, and the question which it is. */
const personalities = [0n, 0x8n, 0x2_0000n, 0x2_0008n, 0xffff_ffffn]

function rule(names: string, action: SeccompAction, ...conditions: readonly SyscallCondition[]): SeccompRule {
  return { names: names.trim().split(/\s+/), action, conditions }
}

const without = (capability: string) => ({ excludes: { capabilities: [capability], architectures: [] } })
const having = (capability: string) => ({ includes: { capabilities: [capability], architectures: [] } })

export const defaultSeccompProfile: SeccompProfile = {
  defaultAction: refuse,
  rules: [
    rule(Object.values(everyone).join(' '), allow),
    ...Object.entries(byCapability).map(([capability, names]) => ({ ...rule(names, allow), ...having(capability) })),
    rule('clone', allow, { index: 0, op: 'maskedEqual', mask: newNamespaces, value: 0n }),
    // Its flags lie in memory, which filters can't read: programs that hear ENOSYS fall back to clone.
    { ...rule('clone3', { kind: 'errno', errno: ENOSYS }), ...without('CAP_SYS_ADMIN') },
    // Virtual sockets know no network namespaces: they reach the host's.
    rule('socket', refuse, { index: 0, op: 'maskedEqual', mask: intBits, value: AF_VSOCK }),
    ...personalities.map(value => rule('personality', allow, { index: 0, op: 'equal', value })),
  ],
}
