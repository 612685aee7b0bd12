// CreateContainer: everything decided and made but the process.
import { mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { type ContainerConfig, NamespaceMode } from '../../../proto/gen/cri.ts'
import { hasCode } from '../../sys/errno.ts'
import type { DevicePolicy } from '../cgroups/cgroups.ts'
import { buildContainerPlan } from '../container/build-plan.ts'
import type { BindMountSpec } from '../container/container-spec.ts'
import { allDevices, devicesAt } from '../container/host-devices.ts'
import type { ProcessIdentity } from '../container/plan.ts'
import { messageOf, RuntimeError } from '../errors.ts'
import { makeOutputs, outputPaths, removeOutputs } from '../logs/container-log.ts'
import type { ContainerRecord, SandboxRecord } from '../records/records.ts'
import { cgroupLimits, limiting } from '../translation/resources.ts'
import { stopSignalOf } from '../translation/signals.ts'
import { containerSpec } from '../translation/spec-from-config.ts'
import { findContainer, needSandbox, newId } from './ids.ts'
import { sharesPid } from './pod-init.ts'
import type { Runtime } from './runtime.ts'

export interface CreateRequest {
  readonly sandboxId: string | undefined
  readonly config: ContainerConfig
}

/** @throws RuntimeError, ImageError */
export function createContainer(runtime: Runtime, request: CreateRequest): ContainerRecord {
  const { containerRecords, images } = runtime
  const { config } = request
  const sandbox = needSandbox(runtime, request.sandboxId)
  if (!sandbox.state || sandbox.notReady) {
    throw new RuntimeError('state', `sandbox ${sandbox.id} is not ready: containers can't be added to it`)
  }
  refuseTwin(runtime, sandbox, config)
  const image = images.require(config.image?.image ?? '')
  const imageConfig = images.config(image)
  const id = newId()
  const cgroupPath = `${sandbox.cgroupParent}/${id}`
  const outputs = outputPaths(runtime.ioDir, id)
  const limits = cgroupLimits(config.linux?.resources)
  const sharedPid = sharedPidOf(runtime, sandbox, config)
  const spec = containerSpec({
    id,
    config,
    sandbox,
    image: imageConfig,
    lowerDirectories: images.lowerDirectories(image),
    folder: containerRecords.folderOf(id),
    sandboxFolder: runtime.sandboxRecords.folderOf(sandbox.id),
    outputs,
    cgroup: runtime.cgroups.open(cgroupPath).attachment(),
    ...(sharedPid && { sharedPid }),
    devices: devicesAt,
    allDevices,
    seccomp: runtime.seccomp,
  })
  // Refuses what cannot be planned now rather than at the start.
  checkPlan(spec)
  const logDirectory = sandbox.config.logDirectory ?? ''
  const record: ContainerRecord = {
    id,
    sandboxId: sandbox.id,
    createdAtMs: Date.now(),
    config,
    imageId: image.id,
    imageRef: image.repoDigests[0] ?? image.id,
    cgroupPath,
    ...(logDirectory !== '' && config.logPath && { logPath: path.join(logDirectory, config.logPath) }),
    stopSignal: stopSignalOf(config.stopSignal, imageConfig.stopSignal),
    spec,
  }
  containerRecords.save(record)
  try {
    const folder = containerRecords.folderOf(id)
    for (const name of ['upper', 'work']) mkdirSync(path.join(folder, name), { mode: 0o755 })
    for (const mount of spec.mounts) if (mount.kind === 'bind') makeSource(mount)
    makeOutputs(outputs)
    const { cgroup, warnings } = limiting('linux.resources', () =>
      runtime.cgroups.create(cgroupPath, limits, devicePolicy(spec)),
    )
    for (const warning of warnings) runtime.logger.debug({ container: id, warning }, 'a limit is not possible here')
    // A cgroup that is there now may have files that were not when the record was written.
    const complete: ContainerRecord = { ...record, spec: { ...spec, cgroup: cgroup.attachment() }, made: true }
    containerRecords.save(complete)
    runtime.events.publish({ kind: 'created', containerId: id, sandboxId: sandbox.id })
    return complete
  } catch (error) {
    removeOutputs(outputs)
    void runtime.cgroups
      .open(cgroupPath)
      .remove()
      .catch(() => undefined)
    containerRecords.delete(id)
    const message = `container ${config.metadata?.name ?? id}: ${messageOf(error)}`
    throw new RuntimeError(error instanceof RuntimeError ? error.code : 'failed', message, { cause: error })
  }
}

/** A privileged container may use whatever it finds or makes; another one, besides what all may, the devices it is given. */
function devicePolicy({ process, devices = [] }: ContainerRecord['spec']): DevicePolicy {
  if (process.privileged) return 'all'
  return devices.map(({ type, major, minor, access }) => ({ type: type === 'char' ? 'c' : 'b', major, minor, access }))
}

function checkPlan(spec: ContainerRecord['spec']): void {
  try {
    buildContainerPlan(spec)
  } catch (error) {
    throw new RuntimeError('invalid', messageOf(error), { cause: error })
  }
}

function refuseTwin(runtime: Runtime, sandbox: SandboxRecord, config: ContainerConfig): void {
  const { name = '', attempt = 0 } = config.metadata ?? {}
  if (name === '') throw new RuntimeError('invalid', 'config.metadata.name: is missing')
  const twin = runtime.containerRecords.list().find(other => {
    const metadata = other.config.metadata
    return other.sandboxId === sandbox.id && metadata?.name === name && (metadata.attempt ?? 0) === attempt
  })
  if (!twin) return
  const message = `attempt ${attempt} of container ${name} exists in this sandbox already: ${twin.id}`
  throw new RuntimeError('exists', message)
}

/** Whose PID namespace is shared: the target container's, or that of the pod's init. */
function sharedPidOf(runtime: Runtime, sandbox: SandboxRecord, config: ContainerConfig): ProcessIdentity | undefined {
  const options = config.linux?.securityContext?.namespaceOptions
  if (options?.pid === NamespaceMode.TARGET) {
    const target = findContainer(runtime, options.targetId)
    return target?.sandboxId === sandbox.id && !target.exit ? identity(target) : undefined
  }
  return sharesPid(options) ? sandbox.init : undefined
}

function identity({ start }: ContainerRecord): ProcessIdentity | undefined {
  return start && { pid: start.pid, startTime: start.startTime }
}

/** A host path that is not there becomes a directory, as with every other runtime of CRI. @throws RuntimeError `invalid` */
function makeSource({ source, target }: BindMountSpec): void {
  try {
    statSync(source)
  } catch (error) {
    try {
      if (!hasCode(error, 'ENOENT')) throw error
      mkdirSync(source, { recursive: true, mode: 0o755 })
    } catch (failure) {
      throw new RuntimeError('invalid', `mounts: the host path of ${target}: ${messageOf(failure)}`, { cause: failure })
    }
  }
}
