// From CRI's ContainerConfig, the sandbox and the image to a ContainerSpec. Pure: what it needs to know of the machine
// comes in.
import path from 'node:path'
import {
  type ContainerConfig,
  type Device,
  type Int64Value,
  type LinuxContainerSecurityContext,
  type Mount,
  MountPropagation,
  NamespaceMode,
  SupplementalGroupsPolicy,
} from '../../../proto/gen/cri.ts'
import type {
  BindMountSpec,
  CgroupAttachment,
  ContainerSpec,
  GivenDevice,
  MountSpec,
  ProcessSpec,
} from '../container/container-spec.ts'
import type { DeviceNode, MountFlags, ProcessIdentity, Propagation, StdioPlan, UserPlan } from '../container/plan.ts'
import { RuntimeError } from '../errors.ts'
import type { ImageConfig } from '../images/image-config.ts'
import type { OutputPaths } from '../logs/container-log.ts'
import type { SandboxRecord } from '../records/records.ts'
import type { SeccompFilters } from '../security/seccomp-filters.ts'
import { enumValue } from './enum-value.ts'
import { capabilities, refuseAppArmor, seccompFilter } from './security-profiles.ts'
import { refuseUserNamespace } from './user-namespace.ts'

export interface ContainerInputs {
  readonly id: string
  readonly config: ContainerConfig
  readonly sandbox: SandboxRecord
  readonly image: ImageConfig
  /** Of the image, topmost first. */
  readonly lowerDirectories: readonly string[]
  /** The container's own folder, for what it writes. */
  readonly folder: string
  /** The sandbox's own folder, with its hostname, hosts and resolv.conf. */
  readonly sandboxFolder: string
  readonly outputs: OutputPaths
  readonly cgroup: CgroupAttachment
  /** For namespace mode POD: the pod's init; for TARGET: the target's process. */
  readonly sharedPid?: ProcessIdentity
  /** The device nodes at a path of the host (all below it, if it is a directory). */
  readonly devices: (hostPath: string) => readonly DeviceNode[]
  /** All of the machine's. */
  readonly allDevices: () => readonly DeviceNode[]
  readonly seccomp: SeccompFilters
}

function invalid(field: string, why: string): RuntimeError {
  return new RuntimeError('invalid', `${field}: ${why}`)
}

function unsupported(field: string, what: string): RuntimeError {
  return new RuntimeError('unsupported', `${field}: ${what} are not supported`)
}

/** @throws RuntimeError `invalid` or `unsupported` with the field's path */
export function containerSpec(inputs: ContainerInputs): ContainerSpec {
  const { id, config, sandbox, folder } = inputs
  const security = config.linux?.securityContext ?? {}
  const privileged = security.privileged === true
  if (privileged && sandbox.config.linux?.securityContext?.privileged !== true) {
    throw invalid('linux.security_context.privileged', 'the sandbox was not made for privileged containers')
  }
  if ((config.CDIDevices ?? []).length > 0) throw unsupported('CDI_devices', 'CDI devices')
  const { network, ipc, uts } = sandbox.state?.namespaces ?? {}
  const paths = security.maskedPaths ?? []
  const readOnly = security.readonlyPaths ?? []
  return {
    id,
    namespaces: {
      ...(network !== undefined && { network }),
      ...(ipc !== undefined && { ipc }),
      ...(uts !== undefined && { uts }),
      pid: pidNamespace(inputs, security),
    },
    root: {
      kind: 'overlay',
      lower: inputs.lowerDirectories,
      upper: path.join(folder, 'upper'),
      work: path.join(folder, 'work'),
    },
    readOnlyRoot: security.readonlyRootfs === true,
    mounts: mounts(inputs, security.readonlyRootfs === true),
    devices: devices(inputs, privileged),
    // Who gives a security context says which paths, none included (Kubernetes' procMount Unmasked).
    ...(config.linux?.securityContext && { maskedPaths: paths, readOnlyPaths: readOnly }),
    cgroup: inputs.cgroup,
    process: containerProcess(inputs, security, privileged),
  }
}

function containerProcess(
  inputs: ContainerInputs,
  security: LinuxContainerSecurityContext,
  privileged: boolean,
): ProcessSpec {
  const { config, image } = inputs
  refuseAppArmor(security)
  const seccomp = seccompFilter(inputs.seccomp, security)
  const oomScoreAdj = config.linux?.resources?.oomScoreAdj
  // The image's is relative to the root, as its builder means it; the container's is the kernel's word for word.
  const directory = config.workingDir || path.posix.resolve('/', image.workingDirectory)
  return {
    argv: commandLine(config, image),
    env: environment(inputs),
    workingDirectory: directory,
    user: user(security, image),
    capabilities: capabilities(security),
    privileged,
    noNewPrivileges: security.noNewPrivs === true,
    ...(oomScoreAdj !== undefined && { oomScoreAdj }),
    ...(seccomp !== undefined && { seccomp }),
    stdio: stdio(config, inputs.outputs),
  }
}

/** A command replaces the image's entrypoint and command; arguments alone replace the command. */
function commandLine(config: ContainerConfig, image: ImageConfig): string[] {
  const command = config.command ?? []
  const args = config.args ?? []
  const argv =
    command.length > 0 ? [...command, ...args] : [...image.entrypoint, ...(args.length > 0 ? args : image.command)]
  if (argv.length === 0) throw invalid('command', 'neither the container nor its image says what to run')
  return argv
}

/** The image's variables, HOSTNAME, and the container's own, later ones winning. */
function environment({ config, image, sandbox }: Pick<ContainerInputs, 'config' | 'image' | 'sandbox'>): string[] {
  const variables = new Map<string, string>()
  if (config.tty) variables.set('TERM', 'xterm')
  for (const variable of image.env) {
    const equals = variable.indexOf('=')
    if (equals > 0) variables.set(variable.slice(0, equals), variable.slice(equals + 1))
  }
  variables.set('HOSTNAME', sandbox.spec.hostname)
  for (const [index, { key = '', value = '' }] of (config.envs ?? []).entries()) {
    if (key === '' || key.includes('=') || key.includes('\0'))
      throw invalid(`envs[${index}].key`, `${JSON.stringify(key)} is no name`)
    if (value.includes('\0')) throw invalid(`envs[${index}].value`, 'has a zero byte in it')
    variables.set(key, value)
  }
  return [...variables].map(([key, value]) => `${key}=${value}`)
}

/** Who the first process runs as: the container's word, else the image's. */
function user(security: LinuxContainerSecurityContext, image: ImageConfig): UserPlan {
  const asked = security.runAsUser ? id(security.runAsUser, 'run_as_user') : (security.runAsUsername ?? '')
  const group = security.runAsGroup && id(security.runAsGroup, 'run_as_group')
  if (group !== undefined && asked === '') {
    throw invalid('linux.security_context.run_as_group', 'needs run_as_user or run_as_username beside it')
  }
  const { Merge } = SupplementalGroupsPolicy
  const field = 'linux.security_context.supplemental_groups_policy'
  const policy = enumValue(SupplementalGroupsPolicy, security.supplementalGroupsPolicy, Merge, field)
  const base = asked === '' ? image.user : asked
  return {
    user: group === undefined ? base : `${base.split(':')[0] ?? ''}:${group}`,
    supplementaryGroups: security.supplementalGroups ?? [],
    mergeImageGroups: policy === Merge,
  }
}

/** The kernel's largest is 2^32 - 2; Kubernetes and passwd readers stop at 2^31 - 1. */
const maxId = 0x7fffffff

function id({ value = 0 }: Int64Value, field: string): string {
  if (value >= 0 && value <= maxId) return String(value)
  throw invalid(`linux.security_context.${field}`, `${value} is not within 0 and ${maxId}`)
}

function pidNamespace(
  { sharedPid }: ContainerInputs,
  security: LinuxContainerSecurityContext,
): ContainerSpec['namespaces']['pid'] {
  const options = security.namespaceOptions
  // Absent options come from clients that don't care; CRI's zero value would share the pod's.
  if (!options) return 'new'
  refuseUserNamespace(options)
  switch (enumValue(NamespaceMode, options.pid, NamespaceMode.POD, 'linux.security_context.namespace_options.pid')) {
    case NamespaceMode.CONTAINER:
      return 'new'
    case NamespaceMode.NODE:
      return 'host'
    case NamespaceMode.TARGET:
      if (!sharedPid) throw invalid('linux.security_context.namespace_options.target_id', 'that container does not run')
      return sharedPid
    case NamespaceMode.POD:
      if (!sharedPid) {
        const why = 'POD, but the sandbox was made without it: its own namespace_options must say so too'
        throw invalid('linux.security_context.namespace_options.pid', why)
      }
      return sharedPid
  }
}

function stdio(config: ContainerConfig, outputs: OutputPaths): StdioPlan {
  if (config.tty) return { kind: 'terminal', columns: 80, rows: 24 }
  return {
    kind: 'streams',
    // Held open, a stdin nobody attaches to waits instead of ending.
    stdin: config.stdin ? { kind: 'fifo', path: outputs.stdin, hold: true } : { kind: 'null' },
    stdout: { kind: 'fifo', path: outputs.stdout, hold: true },
    stderr: { kind: 'fifo', path: outputs.stderr, hold: true },
  }
}

const propagations: Record<MountPropagation, Propagation> = {
  [MountPropagation.PROPAGATION_PRIVATE]: 'private',
  [MountPropagation.PROPAGATION_HOST_TO_CONTAINER]: 'slave',
  [MountPropagation.PROPAGATION_BIDIRECTIONAL]: 'shared',
}

/**
 * The image's volumes and what the sandbox gives every container, unless the container brings its own; shallow targets
 * before deep ones.
 */
function mounts(inputs: ContainerInputs, readOnlyRoot: boolean): MountSpec[] {
  const own = (inputs.config.mounts ?? []).map((mount, index) => bindMount(mount, `mounts[${index}]`))
  const flags: MountFlags = readOnlyRoot ? { readOnly: true } : {}
  const file = (name: string): BindMountSpec => ({
    kind: 'bind',
    source: path.join(inputs.sandboxFolder, name),
    target: `/etc/${name}`,
    flags,
  })
  const shared: BindMountSpec[] = [
    file('hostname'),
    file('hosts'),
    file('resolv.conf'),
    {
      kind: 'bind',
      source: inputs.sandbox.state?.shmPath ?? '/dev/shm',
      target: '/dev/shm',
      flags: { noSuid: true, noDev: true, noExec: true },
    },
  ]
  const taken = new Set(own.map(mount => mount.target))
  const free = (mount: MountSpec): boolean => !taken.has(mount.target)
  const depth = (mount: MountSpec): number => mount.target.split('/').length
  return [...[...imageVolumes(inputs.image), ...shared].filter(free), ...own].sort(
    (left, right) => depth(left) - depth(right),
  )
}

function imageVolumes({ volumes }: ImageConfig): MountSpec[] {
  const targets = new Set(volumes.map(volume => path.posix.resolve('/', volume)))
  return [...targets].filter(target => target !== '/').map(target => ({ kind: 'image-volume', target }))
}

function bindMount(mount: Mount, field: string): BindMountSpec {
  const { containerPath = '', hostPath = '' } = mount
  if (mount.image?.image) throw unsupported(`${field}.image`, 'image volumes')
  if ((mount.uidMappings ?? []).length + (mount.gidMappings ?? []).length > 0) {
    throw unsupported(`${field}.uidMappings`, 'mounts with mapped IDs')
  }
  if (containerPath === '') throw invalid(`${field}.container_path`, 'is empty')
  if (!path.isAbsolute(hostPath)) throw invalid(`${field}.host_path`, `${JSON.stringify(hostPath)} is not absolute`)
  const target = path.posix.resolve('/', containerPath)
  if (target === '/') throw invalid(`${field}.container_path`, 'a mount cannot take the place of the root')
  const { PROPAGATION_PRIVATE } = MountPropagation
  const propagation =
    propagations[enumValue(MountPropagation, mount.propagation, PROPAGATION_PRIVATE, `${field}.propagation`)]
  if (mount.recursiveReadOnly && (mount.readonly !== true || propagation !== 'private')) {
    throw invalid(`${field}.recursive_read_only`, 'needs readonly, and private propagation')
  }
  return {
    kind: 'bind',
    source: hostPath,
    target,
    flags: mount.readonly ? { readOnly: true } : {},
    propagation,
    ...(mount.recursiveReadOnly && { recursiveReadOnly: true }),
  }
}

/** Those it is given; a privileged container has all of the machine's too. */
function devices(inputs: ContainerInputs, privileged: boolean): readonly GivenDevice[] {
  const hosts = privileged ? inputs.allDevices().map(node => ({ ...node, access: everyAccess })) : []
  const given = (inputs.config.devices ?? []).flatMap((device, index) =>
    givenDevices(inputs, device, `devices[${index}]`),
  )
  return [...hosts, ...given]
}

const everyAccess = 'rwm'

function givenDevices(inputs: ContainerInputs, device: Device, field: string): readonly GivenDevice[] {
  const { containerPath = '', hostPath = '', permissions } = device
  const access = permissions || everyAccess
  if (!/^[rwm]+$/.test(access))
    throw invalid(`${field}.permissions`, `${JSON.stringify(access)} is not made of r, w, m`)
  if (hostPath === '') throw invalid(`${field}.host_path`, 'is empty')
  const nodes = inputs.devices(hostPath)
  if (nodes.length === 0) throw invalid(`${field}.host_path`, `there is no device at ${hostPath}`)
  const target = containerPath === '' ? hostPath : containerPath
  return nodes.map(node => ({ ...node, path: path.posix.join(target, path.relative(hostPath, node.path)), access }))
}
