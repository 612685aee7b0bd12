// Descriptors of other processes that a plan refers to. The launcher opens them: in the PID namespace a child is born into
// their numbers mean nothing. The child copies the launcher's with pidfd_getfd(2).
import { closeFd } from '../../../sys/fd.ts'
import { copyDescriptor, copyDescriptorOf, openIdentifiedPidfd } from '../../../sys/process.ts'
import { type ProcessIdentity, type ProcessPlan, type StreamSource } from '../../container/plan.ts'
import { StartRefusal } from './failure.ts'
import { type LentDescriptors } from './orders.ts'

type DescriptorSource = Extract<StreamSource, { kind: 'descriptor' }>

const keyOf = ({ pid, fd }: DescriptorSource): string => `${pid}:${fd}`

/** The child's side. */
export interface Inheritance {
  /** The pidfd of a process the plan names. */
  processFd(identity: ProcessIdentity): number
  /** The child's copy of another process's descriptor. */
  streamFd(source: DescriptorSource): number
}

export function inheritFrom(launcherPidfd: number, lent: LentDescriptors): Inheritance {
  const copy = (fd: number | undefined, what: string): number => {
    if (fd === undefined) throw new Error(`${what} is not among what the launcher lends`)
    return copyDescriptor(launcherPidfd, fd)
  }
  return {
    processFd: ({ pid }) => copy(lent.processes[pid], `process ${pid}`),
    streamFd: source => copy(lent.streams[keyOf(source)], `descriptor ${source.fd} of process ${source.pid}`),
  }
}

interface Loan extends LentDescriptors, Disposable {}

/** Opens all that the plan refers to, until disposed of. Throws StartRefusal for a process that is gone. */
export function openLoan(plan: ProcessPlan): Loan {
  const processes: Record<string, number> = {}
  const streams: Record<string, number> = {}
  const close = (): void => [...Object.values(processes), ...Object.values(streams)].forEach(closeFd)
  try {
    for (const identity of processesOf(plan)) {
      if (!(identity.pid in processes)) processes[identity.pid] = openProcess(identity)
    }
    for (const source of streamsOf(plan)) {
      const key = keyOf(source)
      if (!(key in streams)) streams[key] = copyDescriptorOf(source.pid, source.fd)
    }
    return { processes, streams, [Symbol.dispose]: close }
  } catch (error) {
    close()
    throw error
  }
}

/** Its pidfd. Throws StartRefusal for a process that is gone. */
export function openProcess({ pid, startTime }: ProcessIdentity): number {
  const pidfd = openIdentifiedPidfd(pid, startTime)
  if (pidfd === undefined) throw new StartRefusal('InvalidPlan', `the container's process ${pid} is not running`)
  return pidfd
}

function processesOf(plan: ProcessPlan): ProcessIdentity[] {
  const joined = plan.steps.flatMap(step => (step.do === 'joinProcess' ? [step.process] : []))
  return typeof plan.pidNamespace === 'object' ? [plan.pidNamespace, ...joined] : joined
}

function streamsOf(plan: ProcessPlan): DescriptorSource[] {
  return plan.steps
    .flatMap(step => (step.do === 'openStdio' ? [step.stdin, step.stdout, step.stderr] : []))
    .filter(source => source.kind === 'descriptor')
}
