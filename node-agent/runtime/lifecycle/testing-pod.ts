// A pod and its containers for tests.
import type { ContainerConfig, PodSandboxConfig } from '../../../proto/gen/cri.ts'
import { createContainer } from './create-container.ts'
import { runSandbox } from './run-sandbox.ts'
import type { Runtime } from './runtime.ts'

/** A pod without containers; its client knows where its cgroup is. */
export const webPod: PodSandboxConfig = {
  metadata: { name: 'web', namespace: 'default', uid: 'u1', attempt: 0 },
  hostname: 'web',
  dnsConfig: { servers: ['10.0.0.10'], searches: ['a.b', 'b'], options: ['ndots:5'] },
  linux: { cgroupParent: '/tessera/burstable/podu1', resources: { memoryLimitInBytes: 1000 } },
}

export const containerOf = (name: string, more: ContainerConfig = {}): ContainerConfig => ({
  metadata: { name, attempt: 0 },
  image: { image: 'demo:1' },
  linux: { resources: { cpuShares: 512 } },
  ...more,
})

/** A container in the machine's first sandbox, which is made for `webPod` where there is none. */
export async function makeContainer(
  runtime: Runtime,
  name: string,
  more: ContainerConfig,
): Promise<{ readonly sandbox: string; readonly id: string }> {
  const sandbox = runtime.sandboxRecords.list()[0]?.id ?? (await runSandbox(runtime, webPod, '')).id
  return { sandbox, id: createContainer(runtime, { sandboxId: sandbox, config: containerOf(name, more) }).id }
}
