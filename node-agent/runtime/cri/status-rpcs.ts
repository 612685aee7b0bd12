// Who this runtime is, what it can do, and whether it is ready.
import { CgroupDriver, type RuntimeCondition, type RuntimeServiceDefinition } from '../../../proto/gen/cri.ts'
import { messageOf, RuntimeError } from '../errors.ts'
import type { Runtime } from '../lifecycle/runtime.ts'
import type { Handlers } from './service.ts'

export interface StatusOptions {
  readonly version: string
  /** Sets the pod CIDR and remembers it. */
  readonly configureNetwork: (podCidr: string) => void
}

export function statusHandlers(runtime: Runtime, options: StatusOptions): Handlers<RuntimeServiceDefinition> {
  return {
    Version: () => ({
      version: '0.1.0',
      runtimeName: 'tessera',
      runtimeVersion: options.version,
      runtimeApiVersion: 'v1',
    }),
    Status: async ({ verbose }) => ({
      status: { conditions: [runtimeCondition(runtime), networkCondition(runtime)] },
      // Recursive read-only mounts take mount_setattr(2), without which this runtime does not begin.
      runtimeHandlers: [{ name: '', features: { recursiveReadOnlyMounts: true, userNamespaces: false } }],
      features: { supplementalGroupsPolicy: true, userNamespacesHostNetwork: false },
      info: verbose ? await verboseInfo(runtime) : {},
    }),
    // cgroup parents are paths here, never slices of systemd.
    RuntimeConfig: () => ({ linux: { cgroupDriver: CgroupDriver.CGROUPFS } }),
    UpdateRuntimeConfig: ({ runtimeConfig }) => {
      const podCidr = runtimeConfig?.networkConfig?.podCidr ?? ''
      if (podCidr !== '') configureNetwork(options, podCidr)
      return {}
    },
  }
}

/** CRI: "The key could be arbitrary string, and value should be in json format." */
async function verboseInfo(runtime: Runtime): Promise<Record<string, string>> {
  const { launcher, cgroups, cgroupRoot, ioDir, images } = runtime
  return {
    launcher: JSON.stringify(await launcher.info()),
    cgroups: JSON.stringify({ version: cgroups.version, controllers: cgroups.controllers }),
    config: JSON.stringify({ cgroupRoot, ioDir, images: images.layout.root }),
  }
}

function runtimeCondition({ launcher: { mismatch } }: Runtime): RuntimeCondition {
  if (mismatch === undefined) return { type: 'RuntimeReady', status: true }
  return { type: 'RuntimeReady', status: false, reason: 'LauncherMismatch', message: mismatch }
}

function networkCondition({ sandboxes }: Runtime): RuntimeCondition {
  if (sandboxes.networkReady) return { type: 'NetworkReady', status: true }
  const message = 'no pod CIDR was set yet (UpdateRuntimeConfig)'
  return { type: 'NetworkReady', status: false, reason: 'NoPodCIDR', message }
}

function configureNetwork(options: StatusOptions, podCidr: string): void {
  try {
    options.configureNetwork(podCidr)
  } catch (error) {
    throw new RuntimeError('invalid', `pod CIDR ${JSON.stringify(podCidr)}: ${messageOf(error)}`, { cause: error })
  }
}
