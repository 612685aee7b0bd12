// What the launcher opens for its child before the clone: descriptors that belong to other processes. The child cannot,
// because it is born into a PID namespace in which their numbers mean nothing.
import { closeFd } from '../../../sys/fd.ts'
import { copyDescriptorOf, openIdentifiedPidfd } from '../../../sys/process.ts'
import { type ProcessIdentity, type ProcessPlan, type StreamSource } from '../../container/plan.ts'
import { StartRefusal } from './failure.ts'

export interface Inheritance {
  /** The pidfd of a process the plan names. */
  processFd(identity: ProcessIdentity): number
  /** The child's copy of another process's descriptor. */
  streamFd(source: Extract<StreamSource, { kind: 'descriptor' }>): number
}

/** Opens all that the plan refers to; the launcher closes its copies after the clone. Throws StartRefusal. */
export function openInheritance(plan: ProcessPlan): Inheritance & { close(): void } {
  const processes = new Map<number, number>()
  const streams = new Map<string, number>()
  const inheritance = {
    processFd: ({ pid }: ProcessIdentity) => required(processes.get(pid), `process ${pid}`),
    streamFd: ({ pid, fd }: { pid: number; fd: number }) => required(streams.get(`${pid}:${fd}`), `descriptor ${fd}`),
    close: () => [...processes.values(), ...streams.values()].forEach(closeFd),
  }
  try {
    for (const identity of processesOf(plan)) {
      if (!processes.has(identity.pid)) processes.set(identity.pid, openProcess(identity))
    }
    for (const source of streamsOf(plan)) {
      const key = `${source.pid}:${source.fd}`
      if (!streams.has(key)) streams.set(key, copyDescriptorOf(source.pid, source.fd))
    }
    return inheritance
  } catch (error) {
    inheritance.close()
    throw error
  }
}

function required(fd: number | undefined, what: string): number {
  if (fd === undefined) throw new Error(`${what} was not opened before the clone`)
  return fd
}

function openProcess({ pid, startTime }: ProcessIdentity): number {
  const pidfd = openIdentifiedPidfd(pid, startTime)
  if (pidfd === undefined) throw new StartRefusal('InvalidPlan', `the container's process ${pid} is not running`)
  return pidfd
}

function processesOf(plan: ProcessPlan): ProcessIdentity[] {
  const joined = plan.steps.flatMap(step => (step.do === 'joinProcess' ? [step.process] : []))
  return plan.pidNamespaceOf === undefined ? joined : [plan.pidNamespaceOf, ...joined]
}

function streamsOf(plan: ProcessPlan): Extract<StreamSource, { kind: 'descriptor' }>[] {
  return plan.steps
    .flatMap(step => (step.do === 'openStdio' ? [step.stdin, step.stdout, step.stderr] : []))
    .filter(source => source.kind === 'descriptor')
}
