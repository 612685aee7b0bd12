// The plan of a pod's init: process 1 of the PID namespace that its containers share. Pure.
import { joinCgroup, joinSandbox } from './build-plan.ts'
import { type CgroupAttachment, type ContainerNamespaces } from './container-spec.ts'
import { type ProcessPlan } from './plan.ts'

export interface InitSpec {
  /** The sandbox's. */
  readonly id: string
  readonly namespaces: Pick<ContainerNamespaces, 'network' | 'ipc' | 'uts'>
  readonly cgroup: CgroupAttachment
  /** A folder with nothing but the program; it becomes the root. */
  readonly root: string
  /** The program's path in it. */
  readonly program: string
  /** A compiled filter, as in ProcessSpec. */
  readonly seccomp: string
}

/** With it goes the whole pod, so it goes last; as CRI's other runtimes have it. */
const oomScoreAdj = -998
/** Nobody's: neither the host's accounts nor an image's reach so far. */
const user = '65535:65535'

/**
 * Containers of the pod may look at it (a root of theirs with CAP_SYS_PTRACE even into it), so there must be nothing to
 * find: it is in no namespace of the host's that they are not in too, sees a read-only root with itself alone, and holds no
 * capability and no descriptor.
 */
export function buildInitPlan({ id, namespaces, cgroup, root, program, seccomp }: InitSpec): ProcessPlan {
  return {
    id,
    kind: 'sandbox',
    pidNamespace: 'new',
    steps: [
      ...joinSandbox(namespaces),
      ...joinCgroup(cgroup),
      { do: 'newNamespace', kinds: ['cgroup'] },
      { do: 'setOomScoreAdj', value: oomScoreAdj },
      { do: 'newKeyring' },
      { do: 'bindRoot', source: root },
      { do: 'enterStage', sources: [], shared: [] },
      { do: 'resolveUser', user: { user, supplementaryGroups: [], mergeImageGroups: false } },
      { do: 'readOnlyRoot' },
      { do: 'enterRoot' },
      { do: 'setNoNewPrivileges' },
      { do: 'setSeccomp', program: seccomp },
      { do: 'becomeUser', capabilities: { bounding: [], effective: [], inheritable: [], ambient: [] } },
      { do: 'execute', argv: [program], env: [], workingDirectory: '/' },
    ],
  }
}
