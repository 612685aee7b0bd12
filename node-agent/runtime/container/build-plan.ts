// From what a container shall be to the steps that make it. Pure: it looks at nothing but its argument.
import { capabilityNames } from '../../sys/capability-names.ts'
import { canonicalCapabilities, containerCapabilities } from '../security/capabilities.ts'
import { defaultMaskedPaths, defaultReadOnlyPaths } from '../security/paths.ts'
import { checkContainerSpec, checkExecSpec } from './check-spec.ts'
import {
  type CgroupAttachment,
  type ContainerNamespaces,
  type ContainerSpec,
  type ExecSpec,
  type MountSpec,
  type ProcessSpec,
  type RootSpec,
} from './container-spec.ts'
import { type CapabilityPlan, type NamespaceKind, type ProcessPlan, type StdioPlan, type Step } from './plan.ts'
import { standardMounts } from './standard-mounts.ts'

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * The plan of a container's first process. Throws InvalidSpecError naming the field.
 *
 * The order matters: namespaces of the sandbox are joined and host files opened while the host's mounts are still there;
 * sysfs and mqueue show the namespaces of whoever mounts them, so they come after joining; masks come after everything
 * they could be covered by; whoever the program runs as is looked up before the root changes and taken on last.
 */
export function buildContainerPlan(spec: ContainerSpec): ProcessPlan {
  checkContainerSpec(spec)
  const { process, namespaces, cgroup } = spec
  const cwd = process.workingDirectory ?? '/'
  const shared = [...new Set(spec.mounts.filter(isShared).flatMap(hostPath))]
  return {
    id: spec.id,
    kind: 'container',
    pidNamespace: namespaces.pid,
    steps: [
      ...joinSandbox(namespaces),
      ...openStreams(process.stdio),
      ...joinCgroup(cgroup),
      ...(cgroup === undefined || process.privileged ? [] : [{ do: 'newNamespace', kinds: ['cgroup'] } as const]),
      ...oomScore(process),
      { do: 'newKeyring' },
      mountRoot(spec.root),
      { do: 'enterStage', sources: spec.mounts.flatMap(hostPath), shared },
      ...takeVolumes(spec.mounts),
      ...standardMounts(spec),
      ...spec.mounts.map(mountStep),
      ...openTerminal(process.stdio, true),
      ...protectedPaths(spec),
      { do: 'resolveUser', user: process.user },
      { do: 'makeDirectory', path: cwd, mode: 0o755 },
      ...(spec.readOnlyRoot ? [{ do: 'readOnlyRoot' } as const] : []),
      ...(shared.length > 0 ? [{ do: 'joinPeers' } as const] : []),
      { do: 'enterRoot' },
      ...becomeProgram(process),
    ],
  }
}

/** The plan of a further process in a running container. Throws InvalidSpecError naming the field. */
export function buildExecPlan(spec: ExecSpec): ProcessPlan {
  checkExecSpec(spec)
  const { process, cgroup, container } = spec
  const kinds: readonly NamespaceKind[] = ['cgroup', 'ipc', 'mnt', 'net', 'uts']
  return {
    id: spec.id,
    kind: 'exec',
    pidNamespace: container,
    steps: [
      ...openStreams(process.stdio),
      ...joinCgroup(cgroup),
      ...oomScore(process),
      { do: 'newKeyring' },
      { do: 'joinProcess', process: container, kinds },
      { do: 'useCurrentRoot' },
      ...openTerminal(process.stdio, false),
      { do: 'resolveUser', user: process.user },
      ...becomeProgram(process),
    ],
  }
}

export function joinSandbox(namespaces: Pick<ContainerNamespaces, 'network' | 'ipc' | 'uts'>): readonly Step[] {
  const pinned = [
    ['net', namespaces.network],
    ['ipc', namespaces.ipc],
    ['uts', namespaces.uts],
  ] as const
  return pinned.flatMap(([kind, path]): Step[] => (path === undefined ? [] : [{ do: 'joinNamespace', kind, path }]))
}

function openStreams(stdio: StdioPlan): readonly Step[] {
  if (stdio.kind === 'terminal') return []
  const { stdin, stdout, stderr } = stdio
  return [{ do: 'openStdio', stdin, stdout, stderr }]
}

function openTerminal(stdio: StdioPlan, console: boolean): readonly Step[] {
  if (stdio.kind === 'streams') return []
  return [{ do: 'openTerminal', columns: stdio.columns, rows: stdio.rows, console }]
}

/**
 * All at once, before the cgroup namespace is made: whatever was joined later would show the host's tree inside. So the
 * making of the container counts towards its memory limit, with a megabyte or two.
 */
export function joinCgroup(cgroup: CgroupAttachment | undefined): readonly Step[] {
  return cgroup === undefined ? [] : [{ do: 'joinCgroup', files: cgroup.files }]
}

function oomScore(process: ProcessSpec): readonly Step[] {
  return process.oomScoreAdj === undefined ? [] : [{ do: 'setOomScoreAdj', value: process.oomScoreAdj }]
}

function mountRoot(root: RootSpec): Step {
  if (root.kind === 'directory') return { do: 'bindRoot', source: root.path }
  const { lower, upper, work } = root
  return { do: 'mountOverlay', lower, upper, work }
}

const isShared = (mount: MountSpec): boolean => mount.kind === 'bind' && mount.propagation === 'shared'

function hostPath(mount: MountSpec): readonly string[] {
  return mount.kind === 'bind' ? [mount.source] : []
}

function takeVolumes(mounts: readonly MountSpec[]): readonly Step[] {
  const paths = mounts.flatMap(mount => (mount.kind === 'image-volume' ? [mount.target] : []))
  return paths.length === 0 ? [] : [{ do: 'takeVolumes', paths }]
}

function mountStep(mount: MountSpec): Step {
  if (mount.kind === 'image-volume') return { do: 'attachVolume', path: mount.target }
  if (mount.kind === 'tmpfs') {
    return {
      do: 'mountFileSystem',
      type: 'tmpfs',
      source: 'tmpfs',
      target: mount.target,
      options: {
        mode: (mount.mode ?? 0o1777).toString(8),
        ...(mount.sizeBytes !== undefined && { size: String(mount.sizeBytes) }),
      },
      flags: mount.flags ?? { noSuid: true, noDev: true },
      strict: false,
    }
  }
  return {
    do: 'bind',
    source: mount.source,
    target: mount.target,
    flags: mount.flags ?? {},
    recursiveFlags: mount.recursiveReadOnly ?? false,
    propagation: mount.propagation ?? 'private',
  }
}

function protectedPaths(spec: ContainerSpec): readonly Step[] {
  if (spec.process.privileged) return []
  return [
    { do: 'readOnlyPaths', paths: spec.readOnlyPaths ?? defaultReadOnlyPaths },
    { do: 'maskPaths', paths: spec.maskedPaths ?? defaultMaskedPaths },
  ]
}

function becomeProgram(process: ProcessSpec): readonly Step[] {
  return [
    { do: 'setResourceLimits', limits: process.limits ?? [] },
    ...(process.noNewPrivileges ? [{ do: 'setNoNewPrivileges' } as const] : []),
    ...(process.seccomp === undefined || process.privileged
      ? []
      : [{ do: 'setSeccomp', program: process.seccomp } as const]),
    { do: 'becomeUser', capabilities: capabilitySets(process) },
    {
      do: 'execute',
      argv: process.argv,
      env: process.env.some(entry => entry.startsWith('PATH=')) ? process.env : [defaultPath, ...process.env],
      workingDirectory: process.workingDirectory ?? '/',
    },
  ]
}

/**
 * The inheritable set holds the ambient ones only (CVE-2022-24769: a full inheritable set hands capabilities to files
 * that ask for them). A program that is not root's and has no ambient ones starts with none, whatever is bounding.
 */
function capabilitySets(process: ProcessSpec): CapabilityPlan {
  const { add, drop } = process.capabilities
  const held = process.privileged ? capabilityNames : containerCapabilities(add, drop)
  const ambient = canonicalCapabilities(process.capabilities.ambient).filter(name => held.includes(name))
  return { bounding: held, effective: held, inheritable: ambient, ambient }
}
