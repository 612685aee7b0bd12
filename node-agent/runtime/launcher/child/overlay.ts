// A container's overlay, detached. fsconfig(2) takes at most 255 bytes a value, so directories are named by path where
// that fits, else by descriptor from within /proc/self/fd, three bytes a layer. What is longer still is given layer by layer
// (since Linux 6.7), and to older kernels by mount(2), which takes a page, in a mount namespace of its own for the moment.
import { hasCode } from '../../../sys/errno.ts'
import { closeFd, O_DIRECTORY, O_PATH, openPath } from '../../../sys/fd.ts'
import { cloneTree, createFileSystem, mountFileSystem } from '../../../sys/mount.ts'
import { changeDirectory } from '../../../sys/rooted.ts'
import { type Step } from '../../container/plan.ts'
import { StartRefusal } from './failure.ts'
import { apart, somewhere } from './stage.ts'

type Overlay = Extract<Step, { do: 'mountOverlay' }>

const descriptors = '/proc/self/fd'
const valueBytes = 255
/** One page without the terminating NUL, on machines with the smallest pages. */
const pageBytes = 4095

/** @returns a mount; the caller closes it */
export function createOverlay(step: Overlay): number {
  const overlay = { ...step, lower: withoutRepeats(step.lower) }
  const { lower, upper, work } = overlay
  const paths = lower.join(':')
  if ([...lower, upper, work].every(isPlain) && Buffer.byteLength(paths) <= valueBytes)
    return create(paths, upper, work)
  return withDescriptors(overlay, (layers, upperFd, workFd) => {
    const formerDirectory = openPath('.', O_PATH | O_DIRECTORY)
    try {
      enterDescriptors()
      const names = layers.join(':')
      if (names.length <= valueBytes) return create(names, String(upperFd), String(workFd))
      const added = createByLayer(layers.map(String), String(upperFd), String(workFd))
      if (added !== undefined) return added
    } finally {
      changeDirectory(formerDirectory, 'the former directory')
      closeFd(formerDirectory)
    }
    return apart(() => withDescriptors(overlay, mountLong))
  })
}

/**
 * An image may name a layer several times, and overlayfs takes a directory only once. The topmost counts: whatever a layer
 * holds, whites out or makes opaque is so from there down, so the same further down shows nothing more and hides nothing
 * that is not hidden already, whatever lies between.
 */
const withoutRepeats = (lower: readonly string[]): readonly string[] => [...new Set(lower)]

/** Overlayfs separates layers by ":" and takes a backslash for an escape; before Linux 6.5 a comma ends an option. */
const isPlain = (path: string): boolean => !/[\\:,]/.test(path) && Buffer.byteLength(path) <= valueBytes

function create(lower: string, upper: string, work: string): number {
  return createFileSystem('overlay', 'overlay', { lowerdir: lower, upperdir: upper, workdir: work }, {})
}

/** Undefined where the kernel does not know how. */
function createByLayer(layers: readonly string[], upper: string, work: string): number | undefined {
  try {
    return createFileSystem('overlay', 'overlay', { 'lowerdir+': layers, upperdir: upper, workdir: work }, {})
  } catch (error) {
    if (hasCode(error, 'EINVAL')) return undefined
    throw error
  }
}

function mountLong(layers: readonly number[], upper: number, work: number): number {
  const name = (fd: number): string => `${descriptors}/${fd}`
  const data = `lowerdir=${layers.map(name).join(':')},upperdir=${name(upper)},workdir=${name(work)}`
  if (data.length > pageBytes) {
    throw new StartRefusal('InvalidPlan', `${layers.length} layers are more than an overlay mount can name`)
  }
  mountFileSystem('overlay', 'overlay', somewhere, data)
  return cloneTree(somewhere, { recursive: false })
}

/** The kernel wants layers of the mount namespace that the overlay is made in. */
function withDescriptors<T>(
  { lower, upper, work }: Overlay,
  action: (lower: readonly number[], upper: number, work: number) => T,
): T {
  const fds: number[] = []
  const open = (path: string): number => {
    const fd = openPath(path, O_PATH | O_DIRECTORY)
    fds.push(fd)
    return fd
  }
  try {
    return action(lower.map(open), open(upper), open(work))
  } finally {
    fds.forEach(closeFd)
  }
}

function enterDescriptors(): void {
  const fd = openPath(descriptors, O_PATH | O_DIRECTORY)
  try {
    changeDirectory(fd, descriptors)
  } finally {
    closeFd(fd)
  }
}
