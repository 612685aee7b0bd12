// What the steps of one plan hand on to each other inside the child.
import { type ResolvedUser } from '../../container/plan.ts'
import { type FileSystems } from './file-systems.ts'

export interface ChildState {
  readonly fileSystems: FileSystems
  /** The container's root (O_PATH), once a step has made it. */
  rootFd: number | undefined
  /** What becomes descriptors 0, 1 and 2. */
  stdio: readonly [number, number, number] | undefined
  /** The terminal's master, which the launcher takes a copy of. */
  terminalMaster: number | undefined
  user: ResolvedUser & { readonly home: string }
  /** Copies of host mounts taken while the mount namespace was still a peer of the host's, by path. */
  readonly sharedTrees: Map<string, number>
  /** What was asked for and not possible here. */
  readonly warnings: string[]
}

export function newState(fileSystems: FileSystems): ChildState {
  return {
    fileSystems,
    rootFd: undefined,
    stdio: undefined,
    terminalMaster: undefined,
    user: { uid: 0, gid: 0, supplementaryGroups: [], home: '/' },
    sharedTrees: new Map(),
    warnings: [],
  }
}

/** The root of the plan's targets. */
export function requireRoot(state: ChildState): number {
  if (state.rootFd === undefined) throw new Error('the plan uses its root before making one')
  return state.rootFd
}
