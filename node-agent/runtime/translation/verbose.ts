// What a verbose status adds: `info` with the keys that containerd gives (crictl's templates and node tools read `pid`,
// `sandboxID`, `config`, `runtimeSpec.linux.namespaces`), and `record`, all that this runtime knows. Pure.
import type { ContainerSpec, MountSpec } from '../container/container-spec.ts'
import type { ContainerRecord, SandboxRecord } from '../records/records.ts'
import { protoNames } from './proto-names.ts'

type Info = Record<string, string>

const runtimeType = 'tessera'
/** The OCI runtime specification that `runtimeSpec` is written in. */
const ociVersion = '1.2.0'

export function containerInfo(record: ContainerRecord): Info {
  const { sandboxId, config, start, exit } = record
  const info = {
    sandboxID: sandboxId,
    pid: start && !exit ? start.pid : 0,
    removing: false,
    runtimeType,
    config: protoNames(config),
    runtimeSpec: { ociVersion, ...containerRuntimeSpec(record) },
  }
  return { info: JSON.stringify(info), record: JSON.stringify(record) }
}

export function sandboxInfo(record: SandboxRecord): Info {
  const { id, config, runtimeHandler, spec, state, init, notReady, cgroupParent } = record
  const ready = state !== undefined && !notReady
  const info = {
    // Only a sandbox whose containers share a PID namespace has a process.
    pid: ready && init ? init.pid : 0,
    processStatus: ready ? 'running' : 'deleted',
    netNamespaceClosed: !ready,
    runtimeHandler,
    runtimeType,
    config: protoNames(config),
    runtimeSpec: {
      ociVersion,
      hostname: spec.hostname,
      linux: {
        cgroupsPath: `/${cgroupParent}`,
        namespaces: namespaces(
          { ...state?.namespaces, pid: init ? 'new' : 'host' },
          init && `/proc/${init.pid}/ns/pid`,
        ),
        ...(spec.sysctls && { sysctl: spec.sysctls }),
      },
    },
    sandboxMetadata: { ID: id, NetNSPath: state?.namespaces.network ?? '', IP: state?.addresses[0] ?? '' },
  }
  return { info: JSON.stringify(info), record: JSON.stringify(record) }
}

function containerRuntimeSpec({ spec, start, config, cgroupPath }: ContainerRecord): object {
  const { process, root } = spec
  const { pid } = spec.namespaces
  const sharedPid = typeof pid === 'object' ? `/proc/${pid.pid}/ns/pid` : undefined
  return {
    process: {
      terminal: process.stdio.kind === 'terminal',
      ...(start?.user && {
        user: { uid: start.user.uid, gid: start.user.gid, additionalGids: start.user.supplementaryGroups },
      }),
      args: process.argv,
      env: process.env,
      cwd: process.workingDirectory ?? '/',
      noNewPrivileges: process.noNewPrivileges,
      ...(process.oomScoreAdj !== undefined && { oomScoreAdj: process.oomScoreAdj }),
    },
    root: { path: root.kind === 'overlay' ? root.upper : root.path, readonly: spec.readOnlyRoot },
    mounts: spec.mounts.map(ociMount),
    linux: {
      cgroupsPath: `/${cgroupPath}`,
      namespaces: [...namespaces(spec.namespaces, sharedPid), { type: 'mount' }, { type: 'cgroup' }],
      resources: ociResources(config.linux?.resources),
      ...(spec.maskedPaths && { maskedPaths: spec.maskedPaths }),
      ...(spec.readOnlyPaths && { readonlyPaths: spec.readOnlyPaths }),
    },
  }
}

/** Those that are not the host's, with the files that pin them. */
function namespaces(
  { network, ipc, uts, pid }: ContainerSpec['namespaces'],
  pidPath: string | undefined,
): readonly { readonly type: string; readonly path?: string }[] {
  const pinned = [
    { type: 'network', path: network },
    { type: 'ipc', path: ipc },
    { type: 'uts', path: uts },
  ]
  return [
    ...(pid === 'host' ? [] : [{ type: 'pid', ...(pidPath !== undefined && { path: pidPath }) }]),
    ...pinned.flatMap(({ type, path }) => (path === undefined ? [] : [{ type, path }])),
  ]
}

function ociMount(mount: MountSpec): object {
  if (mount.kind === 'tmpfs') return { destination: mount.target, type: 'tmpfs', source: 'tmpfs', options: [] }
  if (mount.kind === 'image-volume') {
    return { destination: mount.target, type: 'bind', source: mount.target, options: ['bind', 'rprivate', 'rw'] }
  }
  const { source, target, flags = {}, propagation = 'private', recursiveReadOnly } = mount
  const access = recursiveReadOnly ? 'rro' : flags.readOnly ? 'ro' : 'rw'
  return { destination: target, type: 'bind', source, options: ['rbind', `r${propagation}`, access] }
}

function ociResources(resources: NonNullable<ContainerRecord['config']['linux']>['resources'] = {}): object {
  const { cpuShares, cpuQuota, cpuPeriod, cpusetCpus, cpusetMems, memoryLimitInBytes, memorySwapLimitInBytes } =
    resources
  return {
    cpu: { shares: cpuShares, quota: cpuQuota, period: cpuPeriod, cpus: cpusetCpus, mems: cpusetMems },
    memory: { limit: memoryLimitInBytes, swap: memorySwapLimitInBytes },
    unified: resources.unified,
  }
}
