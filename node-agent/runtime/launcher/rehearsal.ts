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
import { type DescriptorsLent } from './child/orders.ts'
import { type MachineFacts } from './child/run-plan.ts'
import { encodeFrame } from './frames.ts'

const reportFd = -2
const ordersFd = -3

class RehearsalOver extends Error {}

/** Takes a few milliseconds a round at first, later less than one; changes nothing. */
export function rehearse(facts: MachineFacts, rounds: number): void {
  const directory = openPath('/', O_PATH)
  const file = openPath('/proc/self/status', O_PATH)
  const nothing = openPath('/dev/null', O_PATH)
  const pipes = { ordersFd, reportFd, keep: [], launcherPidfd: directory }
  try {
    for (const frames of [containerOrders, execOrders]) {
      for (let round = 0; round < rounds; round++) {
        const orders = new FrameSource(Buffer.concat([frames, Buffer.alloc(1)]))
        const { kernel } = recordingKernel(directory, call =>
          isFile(call) ? file : isNull(call) ? nothing : answer(call, orders),
        )
        try {
          withKernel(kernel, () => carryOutPlan(pipes, facts, { fileSystems: new FileSystems() }))
        } catch (error) {
          if (!(error instanceof RehearsalOver)) throw error
        }
      }
    }
  } finally {
    closeFd(directory)
    closeFd(file)
    closeFd(nothing)
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

/** Of what a plan attaches, some is a file. */
const isFile = ({ name, args }: RecordedCall): boolean => name === 'open_tree' && args[1] === '/file'

const isNull = ({ name, args }: RecordedCall): boolean => name === 'openat2' && args[1] === 'dev/null'

const ENOENT = 2
const missing = 'missing'
let made = false

/** A path of that name is not there until it is made, and then once. */
function look(path: unknown): number | undefined {
  if (typeof path !== 'string' || !path.includes(missing)) return undefined
  if (!made) return -ENOENT
  made = false
  return undefined
}

function answer(call: RecordedCall, orders: FrameSource): number | undefined {
  const [first, second] = call.args
  switch (call.name) {
    // Where a child would be gone.
    case 'execve':
    case 'exit_group':
      throw new RehearsalOver()
    case 'openat2':
      return look(second)
    case 'mkdirat':
    case 'openat':
      made = true
      return undefined
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
  { do: 'setNoNewPrivileges' },
  { do: 'setSeccomp', program: 'AAAAAAAAAAA=' },
  { do: 'becomeUser', capabilities: noCapabilities },
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
  { do: 'newNamespace', kinds: ['cgroup'] },
  { do: 'setOomScoreAdj', value: 0 },
  { do: 'newKeyring' },
]

const containerPlan: ProcessPlan = {
  id: 'rehearsal',
  kind: 'container',
  pidNamespace: 'new',
  steps: [
    ...beforeMounts,
    { do: 'mountOverlay', lower: ['/a', '/b:c'], upper: '/u', work: '/w' },
    { do: 'enterStage', sources: ['/data', '/file'], shared: [] },
    { do: 'takeVolumes', paths: ['/data'] },
    { do: 'mountFileSystem', type: 'proc', source: 'proc', target: '/proc', options: {}, flags, strict: true },
    {
      do: 'mountFileSystem',
      type: 'tmpfs',
      source: 'tmpfs',
      target: `/dev/${missing}`,
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
      source: '/data',
      target: `/data/${missing}/volume`,
      flags: { readOnly: true },
      recursiveFlags: false,
      propagation: 'private',
    },
    {
      do: 'bind',
      source: '/file',
      target: `/etc/${missing}`,
      flags: {},
      recursiveFlags: false,
      propagation: 'private',
    },
    { do: 'attachVolume', path: '/data' },
    { do: 'openTerminal', columns: 80, rows: 24, console: true },
    { do: 'readOnlyPaths', paths: ['/proc/sys', '/proc/bus'] },
    { do: 'maskPaths', paths: ['/proc/kcore', '/sys/firmware'] },
    { do: 'resolveUser', user: { user: 'root:staff', supplementaryGroups: [1], mergeImageGroups: true } },
    { do: 'makeDirectory', path: `/srv/${missing}`, mode: 0o755 },
    { do: 'readOnlyRoot' },
    { do: 'enterRoot' },
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

function ordersFor(plan: ProcessPlan): Buffer {
  const lent: DescriptorsLent = { type: 'DescriptorsLent', startedUs: 0, processes: { '1': 0 }, streams: { '1:1': 0 } }
  return Buffer.concat([encodeFrame({ plan }), encodeFrame(lent)])
}

const containerOrders = ordersFor(containerPlan)
const execOrders = ordersFor(execPlan)
