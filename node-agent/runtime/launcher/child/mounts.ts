// Steps that fill the mount namespace. Targets lie in a root somebody else has filled: they are looked up by descriptor
// (sys/rooted.ts) and mounted on by descriptor.
import { fstatSync, statSync } from 'node:fs'
import { hasCode } from '../../../sys/errno.ts'
import { closeFd, O_DIRECTORY, O_PATH, openPath } from '../../../sys/fd.ts'
import { deviceNumber, makeNode } from '../../../sys/fifo.ts'
import {
  attachMount,
  attachMountAt,
  cloneTree,
  type MountAttributes,
  mountFileSystem,
  pivotInto,
  setMountAttributes,
  setTreePropagation,
} from '../../../sys/mount.ts'
import {
  changeOwnerAt,
  isOnProcfs,
  makeDirectoryInRoot,
  makeFileInRoot,
  makeSymlinkAt,
  openInRoot,
  openRoot,
  tryOpenInRoot,
} from '../../../sys/rooted.ts'
import { type Step } from '../../container/plan.ts'
import { StartRefusal } from './failure.ts'
import { emptyFolder } from './file-systems.ts'
import { overlayOptions } from './overlay-options.ts'
import { type ChildState, requireRoot } from './state.ts'

type StepOf<K extends Step['do']> = Extract<Step, { do: K }>

export function separateMounts(step: StepOf<'separateMounts'>, state: ChildState): void {
  for (const source of step.keepShared) state.sharedTrees.set(source, cloneTree(source, { recursive: true }))
  setTreePropagation('/', 'slave')
}

export function mountOverlay(step: StepOf<'mountOverlay'>, state: ChildState): void {
  const options = overlayOptions(step)
  try {
    mountFileSystem('overlay', 'overlay', step.target, 0, options.data)
  } finally {
    options.release()
  }
  state.rootFd = openRoot(step.target)
}

/** The directory becomes a mount of its own, which pivot_root(2) needs. */
export function bindRoot(step: StepOf<'bindRoot'>, state: ChildState): void {
  const tree = cloneTree(step.source, { recursive: true })
  attachMountAt(tree, step.source)
  state.rootFd = tree
}

export function mountNew(step: StepOf<'mountFileSystem'>, state: ChildState): void {
  const root = requireRoot(state)
  const mount = state.fileSystems.take(step)
  attachInRoot(mount, openTargetDirectory(root, step.target, step.strict), step)
}

export function bind(step: StepOf<'bind'>, state: ChildState): void {
  const root = requireRoot(state)
  const tree = state.sharedTrees.get(step.source) ?? cloneTree(step.source, { recursive: step.recursive })
  state.sharedTrees.delete(step.source)
  setMountAttributes(
    tree,
    { attributes: step.flags, recursive: step.recursiveFlags },
    `${step.source} on ${step.target}`,
  )
  if (step.propagation !== 'shared') {
    setMountAttributes(tree, { attributes: {}, propagation: step.propagation, recursive: true }, step.target)
  }
  const target = statSync(step.source).isDirectory()
    ? openTargetDirectory(root, step.target, false)
    : makeFileInRoot(root, step.target)
  attachInRoot(tree, target, step)
}

/**
 * Nothing of a plan is mounted below /proc: a program that trusts /proc/self/attr or the like would be deceived, and
 * masks would be undone (CVE-2019-19921, CVE-2023-28642).
 */
function attachInRoot(mountFd: number, targetFd: number, step: { readonly target: string }): void {
  if (isOnProcfs(targetFd)) {
    throw new StartRefusal('InvalidPlan', `mount target ${step.target} lies in /proc, where nothing may be mounted`)
  }
  attachMount(mountFd, targetFd, step.target)
  closeFd(mountFd)
  closeFd(targetFd)
}

function openTargetDirectory(root: number, target: string, strict: boolean): number {
  try {
    return makeDirectoryInRoot(root, target, 0o755, strict)
  } catch (error) {
    if (strict && hasCode(error, 'ELOOP')) {
      throw new StartRefusal(
        'InvalidPlan',
        `the image makes ${target} a symbolic link: it must be a directory or absent`,
      )
    }
    if (hasCode(error, 'ENOTDIR')) {
      throw new StartRefusal('InvalidPlan', `mount target ${target} is, or lies below, something that is no directory`)
    }
    throw error
  }
}

export function makeDevices(step: StepOf<'makeDevices'>, state: ChildState): void {
  withParents(state, step.devices, (parentFd, name, device) => {
    makeNode(parentFd, name, device.type, device.mode, deviceNumber(device.major, device.minor))
    if (device.uid !== 0 || device.gid !== 0) changeOwnerAt(parentFd, name, device.uid, device.gid)
  })
}

export function makeSymlinks(step: StepOf<'makeSymlinks'>, state: ChildState): void {
  withParents(state, step.links, (parentFd, name, link) => makeSymlinkAt(parentFd, name, link.target))
}

/** Calls with each item's folder, which is opened once for all in a row that share it. */
function withParents<T extends { readonly path: string }>(
  state: ChildState,
  items: readonly T[],
  make: (parentFd: number, name: string, item: T) => void,
): void {
  let folder: string | undefined
  let fd = -1
  try {
    for (const item of items) {
      const slash = item.path.lastIndexOf('/')
      if (item.path.slice(0, slash) !== folder) {
        if (folder !== undefined) closeFd(fd)
        folder = undefined
        fd = makeDirectoryInRoot(requireRoot(state), item.path.slice(0, slash))
        folder = item.path.slice(0, slash)
      }
      make(fd, item.path.slice(slash + 1), item)
    }
  } finally {
    if (folder !== undefined) closeFd(fd)
  }
}

export function makeDirectory(step: StepOf<'makeDirectory'>, state: ChildState): void {
  try {
    closeFd(makeDirectoryInRoot(requireRoot(state), step.path, step.mode))
  } catch (error) {
    if (!hasCode(error, 'ENOTDIR')) throw error
    throw new StartRefusal(
      'InvalidPlan',
      `working directory ${step.path} is, or lies below, something that is no directory`,
    )
  }
}

/** Folders share one empty tmpfs: making a file system takes ten times as long as mounting it once more. */
export function maskPaths(step: StepOf<'maskPaths'>, state: ChildState): void {
  const root = requireRoot(state)
  let empty: number | undefined
  for (const path of step.paths) {
    const target = tryOpenInRoot(root, path)
    if (target === undefined) continue
    if (!fstatSync(target).isDirectory()) cover(cloneOf(root, '/dev/null'), target, path)
    else if (empty !== undefined) cover(cloneTree(path, { recursive: false, directoryFd: empty }), target, path)
    else {
      empty = state.fileSystems.take(emptyFolder)
      // Kept open: once attached, it can be copied (before Linux 6.15 a detached mount can not).
      attachMount(empty, target, path)
      closeFd(target)
    }
  }
  if (empty !== undefined) closeFd(empty)
}

function cover(mountFd: number, targetFd: number, path: string): void {
  attachMount(mountFd, targetFd, path)
  closeFd(mountFd)
  closeFd(targetFd)
}

export function readOnlyPaths(step: StepOf<'readOnlyPaths'>, state: ChildState): void {
  const root = requireRoot(state)
  for (const path of step.paths) {
    const target = tryOpenInRoot(root, path)
    if (target === undefined) continue
    const tree = cloneTree(path, { recursive: true, directoryFd: target })
    // The flags of a procfs mount are kept: mount_setattr(2) adds to them.
    setMountAttributes(tree, { attributes: readOnly, recursive: true }, path)
    attachMount(tree, target, path)
    closeFd(tree)
    closeFd(target)
  }
}

const readOnly: MountAttributes = { readOnly: true }

function cloneOf(root: number, path: string): number {
  const fd = openInRoot(root, path, { strict: true })
  const tree = cloneTree(path, { recursive: false, directoryFd: fd })
  closeFd(fd)
  return tree
}

export function readOnlyRoot(state: ChildState): void {
  setMountAttributes(requireRoot(state), { attributes: readOnly }, 'the root file system')
}

export function pivotRoot(state: ChildState): void {
  state.fileSystems.close()
  const oldRoot = openPath('/', O_PATH | O_DIRECTORY)
  pivotInto(requireRoot(state), oldRoot)
  closeFd(oldRoot)
}

export function useCurrentRoot(state: ChildState): void {
  state.rootFd = openRoot('/')
}
