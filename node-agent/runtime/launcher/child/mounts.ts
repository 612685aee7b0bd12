// Steps that fill the mount namespace. Targets lie in a root somebody else has filled: they are looked up by descriptor
// (sys/rooted.ts) and mounted on by descriptor.
import { fstatSync } from 'node:fs'
import { hasCode } from '../../../sys/errno.ts'
import { closeFd, O_NOFOLLOW, O_RDWR, openPathAt } from '../../../sys/fd.ts'
import { deviceNumber, makeNode } from '../../../sys/fifo.ts'
import { attachMount, cloneTree, type MountAttributes, setMountAttributes } from '../../../sys/mount.ts'
import {
  changeOwnerAt,
  isOnProcfs,
  makeDirectoryInRoot,
  makeFileInRoot,
  makeSymlinkAt,
  openRoot,
  tryOpenInRoot,
} from '../../../sys/rooted.ts'
import { type Step } from '../../container/plan.ts'
import { StartRefusal } from './failure.ts'
import { emptyFolder } from './file-systems.ts'
import { nullPath, requireNullDevice } from './null-device.ts'
import { createOverlay } from './overlay.ts'
import { findPeers, joinPeers as join } from './peer-groups.ts'
import { Stage } from './stage.ts'
import { type ChildState, requireRoot, requireStage } from './state.ts'

type StepOf<K extends Step['do']> = Extract<Step, { do: K }>

export function enterStage(step: StepOf<'enterStage'>, state: ChildState): void {
  for (const source of step.sources) state.trees.push({ source, fd: cloneTree(source, { recursive: true }) })
  for (const source of step.shared) state.peers.push(findPeers(source))
  state.stage ??= new Stage()
  state.stage.enterWith(requireRoot(state))
}

/** The copy that was taken of a source, which is attached once. */
function takeTree(state: ChildState, source: string): number {
  const index = state.trees.findIndex(tree => tree.source === source)
  const [tree] = index < 0 ? [] : state.trees.splice(index, 1)
  if (tree === undefined) throw new Error(`${source} is not among the sources of the plan`)
  return tree.fd
}

/** Detached: `enterStage` attaches it. */
export function mountOverlay(step: StepOf<'mountOverlay'>, state: ChildState): void {
  state.rootFd = createOverlay(step)
}

/** Detached too. What the host mounts in it later comes in. */
export function bindRoot(step: StepOf<'bindRoot'>, state: ChildState): void {
  state.rootFd = cloneTree(step.source, { recursive: true })
  setMountAttributes(state.rootFd, { attributes: {}, propagation: 'slave', recursive: true }, step.source)
}

export function mountNew(step: StepOf<'mountFileSystem'>, state: ChildState): void {
  const root = requireRoot(state)
  const mount = state.fileSystems.take(step)
  attachInRoot(mount, openTargetDirectory(root, step.target, step.strict), step.target, state)
}

export function bind(step: StepOf<'bind'>, state: ChildState): void {
  const root = requireRoot(state)
  const tree = takeTree(state, step.source)
  setMountAttributes(
    tree,
    { attributes: step.flags, recursive: step.recursiveFlags },
    `${step.source} on ${step.target}`,
  )
  const propagation = step.propagation === 'shared' ? 'private' : step.propagation
  setMountAttributes(tree, { attributes: {}, propagation, recursive: true }, step.target)
  const target = fstatSync(tree).isDirectory()
    ? openTargetDirectory(root, step.target, false)
    : makeFileInRoot(root, step.target)
  if (step.propagation === 'shared') {
    state.shared.push({ source: step.source, target: step.target, fd: tree })
    attach(tree, target, step.target, state)
    closeFd(target)
  } else attachInRoot(tree, target, step.target, state)
}

/** The last step that mounts: what is mounted after it inside a shared volume shows on the host. */
export function joinPeers(state: ChildState): void {
  for (const { source, target, fd } of state.shared) {
    const peers = state.peers.find(each => each.source === source)
    if (peers === undefined) throw new Error(`${source} is not among the shared sources of the plan`)
    join(fd, target, peers, state.attached)
    closeFd(fd)
  }
  for (const { tree } of state.peers) closeFd(tree)
}

export function takeVolumes(step: StepOf<'takeVolumes'>, state: ChildState): void {
  const root = requireRoot(state)
  for (const path of step.paths) {
    const directory = openTargetDirectory(root, path, false)
    state.volumes.set(path, cloneTree(path, { recursive: false, directoryFd: directory }))
    closeFd(directory)
  }
}

export function attachVolume({ path }: StepOf<'attachVolume'>, state: ChildState): void {
  const volume = state.volumes.get(path)
  if (volume === undefined) throw new Error(`${path} is not among the volumes of the plan`)
  state.volumes.delete(path)
  attachInRoot(volume, openTargetDirectory(requireRoot(state), path, false), path, state)
}

/**
 * Nothing of a plan is mounted below /proc: a program that trusts /proc/self/attr or the like would be deceived, and
 * masks would be undone (CVE-2019-19921, CVE-2023-28642).
 */
function attach(mountFd: number, targetFd: number, target: string, state: ChildState): void {
  if (isOnProcfs(targetFd)) {
    throw new StartRefusal('InvalidPlan', `mount target ${target} lies in /proc, where nothing may be mounted`)
  }
  attachMount(mountFd, targetFd, target)
  state.attached.push(target)
}

/** As `attach`, and closes both. */
function attachInRoot(mountFd: number, targetFd: number, target: string, state: ChildState): void {
  attach(mountFd, targetFd, target, state)
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
    // At once: a volume may cover /dev later.
    if (device.path === nullPath) state.nullDevice = openPathAt(parentFd, name, O_RDWR | O_NOFOLLOW)
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
  if (!step.path.startsWith('/')) {
    throw new StartRefusal('InvalidPlan', `working directory ${step.path} is not an absolute path`)
  }
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
    if (!fstatSync(target).isDirectory()) {
      cover(cloneTree(path, { recursive: false, directoryFd: requireNullDevice(state) }), target, path)
    } else if (empty !== undefined) cover(cloneTree(path, { recursive: false, directoryFd: empty }), target, path)
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

export function readOnlyRoot(state: ChildState): void {
  setMountAttributes(requireRoot(state), { attributes: readOnly }, 'the root file system')
}

export function enterRoot(state: ChildState): void {
  state.fileSystems.close()
  requireStage(state).enterRoot(requireRoot(state))
}

export function useCurrentRoot(state: ChildState): void {
  state.rootFd = openRoot('/')
}
