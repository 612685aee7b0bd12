// The init of a pod whose containers share a PID namespace: the one process a sandbox may have. It is the launcher's child
// as containers are, under the sandbox's id, so it outlives this process and is found again like them. Its containers
// join its namespace and end with it, which the kernel sees to; without it the sandbox is not ready, and whoever asked for
// the pod makes another.
import { type LinuxSandboxSecurityContext, NamespaceMode } from '../../../proto/gen/cri.ts'
import { buildInitPlan } from '../container/build-init-plan.ts'
import type { ProcessIdentity } from '../container/plan.ts'
import { RuntimeError } from '../errors.ts'
import type { ExitRecord } from '../launcher/messages.ts'
import type { SandboxRecord } from '../records/records.ts'
import { pauseName } from '../sandbox/pause.ts'
import type { SandboxState } from '../sandbox/sandbox.ts'
import { limiting } from '../translation/resources.ts'
import { ofSandbox } from './events.ts'
import type { Runtime } from './runtime.ts'

const SIGKILL = 9
/** How long the kernel may take to end all of a namespace. */
const killTimeoutMs = 30_000

type NamespaceOptions = LinuxSandboxSecurityContext['namespaceOptions']

/** Absent options come from clients that don't care; within them, CRI's zero value is POD. */
export function sharesPid(options: NamespaceOptions): boolean {
  return options !== undefined && (options.pid ?? NamespaceMode.POD) === NamespaceMode.POD
}

/** A cgroup of its own, since under cgroup v2 only leaves hold processes. */
export function initCgroup({ id, cgroupParent }: Pick<SandboxRecord, 'id' | 'cgroupParent'>): string {
  return `${cgroupParent}/${id}`
}

/** Starts the init that the sandbox's configuration asks for, if it does. What a failure leaves, `endInit` ends. */
export async function startInit(
  runtime: Runtime,
  sandbox: SandboxRecord,
  { namespaces }: SandboxState,
): Promise<ProcessIdentity | undefined> {
  if (!sharesPid(sandbox.config.linux?.securityContext?.namespaceOptions)) return undefined
  const { id } = sandbox
  const { cgroup } = limiting('linux.resources', () => runtime.cgroups.create(initCgroup(sandbox), {}, []))
  const plan = buildInitPlan({
    id,
    namespaces,
    cgroup: cgroup.attachment(),
    root: runtime.initRoot,
    program: `/${pauseName}`,
    seccomp: runtime.seccomp([]),
  })
  const { pid, startTime, warnings } = await runtime.launcher.start(plan)
  for (const warning of warnings) runtime.logger.debug({ sandbox: id, warning }, 'not possible on this machine')
  return { pid, startTime }
}

/** Kills the init, and so all of its namespace. Idempotent. @throws RuntimeError `timeout` */
export async function endInit(runtime: Runtime, sandbox: SandboxRecord): Promise<void> {
  if (!sharesPid(sandbox.config.linux?.securityContext?.namespaceOptions)) return
  const ended = runtime.exits.wait(sandbox.id, killTimeoutMs)
  try {
    if ((await runtime.launcher.signal(sandbox.id, SIGKILL)) && (await ended.exit) === undefined) {
      const message = `the init of sandbox ${sandbox.id} was killed and is still not gone: a process of its pod may hang`
      throw new RuntimeError('timeout', message)
    }
  } finally {
    ended.cancel()
  }
  await runtime.cgroups.open(initCgroup(sandbox)).remove()
}

/** A sandbox that has lost its init: on record, and told like the end of a container that has the sandbox's id. */
export function noteInitExit(runtime: Runtime, { id }: Pick<ExitRecord, 'id'>): void {
  const sandbox = runtime.sandboxRecords.get(id)
  if (!sandbox?.state || sandbox.notReady) return
  runtime.sandboxRecords.save({ ...sandbox, notReady: true })
  runtime.logger.warn({ sandbox: id }, 'the init of a pod has ended, and so has all of its PID namespace')
  runtime.events.publish(ofSandbox('stopped', id))
}
