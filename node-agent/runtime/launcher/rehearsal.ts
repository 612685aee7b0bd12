// Runs the child's code in the launcher itself, against a stand-in for the kernel, before the first real start. V8
// compiles functions when they are first called; without this every child would compile them again, which takes longer
// than making the container.
import { closeFd, O_PATH, openPath } from '../../sys/fd.ts'
import { DEVPTS_SUPER_MAGIC } from '../../sys/pty.ts'
import { type RecordedCall, recordingKernel } from '../../sys/recording-kernel.ts'
import { withKernel } from '../../sys/syscall.ts'
import { type CapabilityPlan, type ProcessPlan, type Step } from '../container/plan.ts'
import { carryOutPlan } from './child/child.ts'
import { FileSystems } from './child/file-systems.ts'
import { type PlanOrdered } from './child/orders.ts'
import { type MachineFacts } from './child/run-plan.ts'
import { encodeFrame } from './frames.ts'

const reportFd = -2
const ordersFd = -3

class RehearsalOver extends Error {}

/** Takes a few milliseconds a round at first, later less than one; changes nothing. */
export function rehearse(facts: MachineFacts, rounds: number): void {
  const directory = openPath('/', O_PATH)
  const pipes = { ordersFd, reportFd, keep: [], launcherPidfd: directory }
  try {
    for (const frame of [containerFrame, execFrame]) {
      for (let round = 0; round < rounds; round++) {
        const orders = new FrameSource(Buffer.concat([frame, Buffer.alloc(1)]))
        const { kernel } = recordingKernel(directory, call => answer(call, orders))
        try {
          withKernel(kernel, () => carryOutPlan(pipes, facts, new FileSystems()))
        } catch (error) {
          if (!(error instanceof RehearsalOver)) throw error
        }
      }
    }
  } finally {
    closeFd(directory)
  }
}

/** Bytes as read(2) gives them, then the end. */
class FrameSource {
  #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  read(target: Uint8Array): number {
    const part = this.#bytes.subarray(0, target.length)
    target.set(part)
    this.#bytes = this.#bytes.subarray(part.length)
    return part.length
  }
}

function answer(call: RecordedCall, orders: FrameSource): number | undefined {
  const [first, second] = call.args
  switch (call.name) {
    // Where a child would be gone.
    case 'execve':
    case 'exit_group':
      throw new RehearsalOver()
    case 'read':
      if (!(second instanceof Uint8Array)) return 0
      return first === ordersFd ? orders.read(second) : serve(second)
    case 'write':
      return second instanceof Uint8Array ? second.length : 0
    case 'fstatfs':
      if (second instanceof Buffer) second.writeBigInt64LE(BigInt(DEVPTS_SUPER_MAGIC), 0)
      return 0
    default:
      return undefined
  }
}

const accounts = Buffer.from(
  'root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000:Web:/home/web:/bin/sh\nstaff:x:50:web,root\n',
)
let served = false

/** What /etc/passwd and /etc/group are read as: once the text, then the end. */
function serve(target: Uint8Array): number {
  served = !served
  if (!served) return 0
  target.set(accounts)
  return accounts.length
}

const noCapabilities: CapabilityPlan = { bounding: [], effective: ['CAP_CHOWN'], inheritable: [], ambient: [] }
const flags = { noSuid: true, noDev: true, noExec: true }

const becomeProgram: readonly Step[] = [
  { do: 'setResourceLimits', limits: [{ name: 'nofile', soft: 1024, hard: 1024 }] },
  { do: 'becomeUser', capabilities: noCapabilities },
  { do: 'setNoNewPrivileges' },
  { do: 'setSeccomp', program: 'AAAAAAAAAAA=' },
  { do: 'execute', argv: ['sh'], env: ['PATH=/bin', 'HOME=/'], workingDirectory: '/' },
]

const beforeMounts: readonly Step[] = [
  { do: 'joinNamespace', kind: 'net', path: '/net' },
  {
    do: 'openStdio',
    stdin: { kind: 'null' },
    stdout: { kind: 'fifo', path: '/fifo', hold: true },
    stderr: { kind: 'descriptor', pid: 1, fd: 1 },
  },
  { do: 'joinCgroup', files: ['/cgroup.procs'] },
  { do: 'newNamespace', kinds: ['mnt', 'cgroup'] },
  { do: 'setOomScoreAdj', value: 0 },
]

const containerPlan: ProcessPlan = {
  id: 'rehearsal',
  kind: 'container',
  pidNamespace: 'new',
  steps: [
    ...beforeMounts,
    { do: 'separateMounts', keepShared: [] },
    { do: 'mountOverlay', lower: ['/a', '/b'], upper: '/u', work: '/w', target: '/t' },
    { do: 'mountFileSystem', type: 'proc', source: 'proc', target: '/proc', options: {}, flags, strict: true },
    {
      do: 'mountFileSystem',
      type: 'tmpfs',
      source: 'tmpfs',
      target: '/dev/shm',
      options: { mode: '755', newinstance: true },
      flags,
      strict: false,
    },
    {
      do: 'makeDevices',
      devices: [{ path: '/dev/null', type: 'char', major: 1, minor: 3, mode: 0o666, uid: 0, gid: 0 }],
    },
    { do: 'makeSymlinks', links: [{ path: '/dev/fd', target: '/proc/self/fd' }] },
    {
      do: 'bind',
      source: '/',
      target: '/data/volume',
      flags: { readOnly: true },
      recursive: true,
      recursiveFlags: false,
      propagation: 'private',
    },
    {
      do: 'bind',
      source: '/proc/self/status',
      target: '/etc/hosts',
      flags: {},
      recursive: true,
      recursiveFlags: false,
      propagation: 'private',
    },
    { do: 'openTerminal', columns: 80, rows: 24, console: true },
    { do: 'readOnlyPaths', paths: ['/proc/sys', '/proc/bus'] },
    { do: 'maskPaths', paths: ['/proc/kcore', '/sys/firmware'] },
    { do: 'resolveUser', user: { user: 'root:staff', supplementaryGroups: [1], mergeImageGroups: true } },
    { do: 'makeDirectory', path: '/srv/work', mode: 0o755 },
    { do: 'readOnlyRoot' },
    { do: 'pivotRoot' },
    ...becomeProgram,
  ],
}

const execPlan: ProcessPlan = {
  id: 'rehearsal',
  kind: 'exec',
  pidNamespace: { pid: 1, startTime: 0 },
  steps: [
    ...beforeMounts,
    { do: 'joinProcess', process: { pid: 1, startTime: 0 }, kinds: ['mnt'] },
    { do: 'useCurrentRoot' },
    { do: 'resolveUser', user: { user: '', supplementaryGroups: [], mergeImageGroups: true } },
    ...becomeProgram,
  ],
}

function frameOf(plan: ProcessPlan): Buffer {
  const lent = { processes: { '1': 0 }, streams: { '1:1': 0 } }
  return encodeFrame({ type: 'PlanOrdered', plan, startedUs: 0, lent } satisfies PlanOrdered)
}

const containerFrame = frameOf(containerPlan)
const execFrame = frameOf(execPlan)
