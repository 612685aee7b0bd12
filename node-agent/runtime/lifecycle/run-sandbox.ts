// RunPodSandbox: what a pod's containers will share.
import type { PodSandboxConfig } from '../../../proto/gen/cri.ts'
import { messageOf, RuntimeError } from '../errors.ts'
import type { SandboxRecord } from '../records/records.ts'
import { limiting } from '../translation/resources.ts'
import { podCgroup, sandboxSpec } from '../translation/sandbox-spec.ts'
import { ofSandbox } from './events.ts'
import { newId } from './ids.ts'
import { weighGroup } from './pod-groups.ts'
import { endInit, startInit } from './pod-init.ts'
import type { Runtime } from './runtime.ts'
import { writeSandboxFiles } from './sandbox-files.ts'
import { removePodCgroup } from './stop.ts'
import { limitsToSet } from './update-resources.ts'

/** @throws RuntimeError `exists`, `invalid`, `unsupported`, `unavailable` (no pod CIDR yet, or another build's launcher) */
export async function runSandbox(
  runtime: Runtime,
  config: PodSandboxConfig,
  runtimeHandler: string,
): Promise<SandboxRecord> {
  const { sandboxRecords, sandboxes } = runtime
  if (runtimeHandler !== '')
    throw new RuntimeError('invalid', `there is no runtime handler ${JSON.stringify(runtimeHandler)}`)
  if (runtime.launcher.mismatch !== undefined) throw new RuntimeError('unavailable', runtime.launcher.mismatch)
  const { name = '', namespace = '', uid = '', attempt = 0 } = config.metadata ?? {}
  if (name === '' || uid === '') throw new RuntimeError('invalid', 'config.metadata: name and uid are needed')
  const twin = sandboxRecords.list().find(({ config: { metadata } }) => {
    return metadata?.uid === uid && (metadata.attempt ?? 0) === attempt && metadata.name === name
  })
  if (twin) {
    const message = `attempt ${attempt} of pod ${namespace}/${name} has its sandbox already: ${twin.id}`
    throw new RuntimeError('exists', message)
  }
  const id = newId()
  const spec = sandboxSpec(id, config)
  if (spec.network === 'pod' && !sandboxes.networkReady) {
    throw new RuntimeError('unavailable', 'the pod network is not ready: no pod CIDR was set (UpdateRuntimeConfig)')
  }
  const record: SandboxRecord = {
    id,
    createdAtMs: Date.now(),
    config,
    runtimeHandler,
    spec,
    cgroupParent: podCgroup(config, runtime.cgroupRoot),
  }
  const limits = limitsToSet(runtime, record)
  sandboxRecords.save(record)
  try {
    const { warnings } = limiting('linux.resources', () => runtime.cgroups.create(record.cgroupParent, limits))
    for (const warning of warnings)
      runtime.logger.debug({ sandbox: id, warning }, 'a limit of the pod is not possible here')
    weighGroup(runtime, record.cgroupParent)
    const state = sandboxes.create(spec)
    writeSandboxFiles(sandboxRecords.folderOf(id), { ...record, state })
    // Locked until it is on record, so that the end of an init that dies at once is noted after that.
    return await runtime.locks.run(id, async () => {
      const init = await startInit(runtime, record, state)
      const ready: SandboxRecord = { ...record, state, ...(init && { init }) }
      sandboxRecords.save(ready)
      // As containerd does: whoever follows the events need not ask for the sandbox's address.
      for (const kind of ['created', 'started'] as const) runtime.events.publish(ofSandbox(kind, id))
      return ready
    })
  } catch (error) {
    // The init may run although the answer was lost.
    await endInit(runtime, record).catch((failure: unknown) => {
      runtime.logger.warn({ sandbox: id, error: messageOf(failure) }, 'the init of a failed sandbox could not be ended')
    })
    sandboxes.remove(id)
    await removePodCgroup(runtime, record)
    sandboxRecords.delete(id)
    throw error instanceof RuntimeError
      ? error
      : new RuntimeError('failed', `the sandbox of pod ${namespace}/${name}: ${messageOf(error)}`, { cause: error })
  }
}
