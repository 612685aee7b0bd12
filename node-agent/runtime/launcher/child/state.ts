// What the steps of one plan hand on to each other inside the child.
import { type ResolvedUser } from '../../container/plan.ts'
import { type FileSystems } from './file-systems.ts'
import { type Peers } from './peer-groups.ts'
import { type Stage } from './stage.ts'

/** What a child has made before it knew its plan. */
export interface Preparations {
  readonly fileSystems: FileSystems
  stage?: Stage
}

/** One of the program's standard streams. */
export interface Stream {
  readonly fd: number
  /** Whether it was made for this program alone, and so may be given to the user it runs as. */
  readonly own: boolean
}

export interface ChildState extends Preparations {
  /** The container's root (O_PATH), once a step has made it. */
  rootFd: number | undefined
  /** What becomes descriptors 0, 1 and 2, `null` meaning the container's /dev/null; absent: they are closed. */
  stdio: readonly (Stream | 'null')[] | undefined
  /** The container's /dev/null, open for both directions. */
  nullDevice: number | undefined
  /** The terminal's master, which the launcher takes a copy of. */
  terminalMaster: number | undefined
  user: ResolvedUser & { readonly home: string }
  noNewPrivileges: boolean
  /** The seccomp filter to install before the program begins. */
  filter: Uint8Array | undefined
  /** Copies of parts of the host's file tree that no step has attached yet. */
  readonly trees: { readonly source: string; readonly fd: number }[]
  /** What volumes that share their mounts with the host share them with. */
  readonly peers: Peers[]
  /** Volumes that will share their mounts. */
  readonly shared: { readonly source: string; readonly target: string; readonly fd: number }[]
  /** Where something was mounted, in that order. */
  readonly attached: string[]
  /** Directories of the root by their paths, as mounts that no step has attached yet. */
  readonly volumes: Map<string, number>
  /** What was asked for and not possible here. */
  readonly warnings: string[]
}

export function newState(preparations: Preparations): ChildState {
  return {
    ...preparations,
    rootFd: undefined,
    stdio: undefined,
    nullDevice: undefined,
    terminalMaster: undefined,
    user: { uid: 0, gid: 0, supplementaryGroups: [], home: '/' },
    noNewPrivileges: false,
    filter: undefined,
    trees: [],
    peers: [],
    shared: [],
    attached: [],
    volumes: new Map(),
    warnings: [],
  }
}

/** The root of the plan's targets. */
export function requireRoot(state: ChildState): number {
  if (state.rootFd === undefined) throw new Error('the plan uses its root before making one')
  return state.rootFd
}

export function requireStage(state: ChildState): Stage {
  if (state.stage === undefined) throw new Error('the plan mounts before it enters its stage')
  return state.stage
}
