// A container's overlay, detached. fsconfig(2) takes at most 255 bytes a value, so directories are named by path where
// that fits, else by descriptor from within /proc/self/fd, three bytes a layer. What is longer still goes by mount(2), which
// takes a page, in a mount namespace of its own for the moment.
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

/** May change the working directory. @returns a mount; the caller closes it */
export function createOverlay(step: Overlay): number {
  const { lower, upper, work } = step
  const paths = lower.join(':')
  if ([...lower, upper, work].every(isPlain) && Buffer.byteLength(paths) <= valueBytes)
    return create(paths, upper, work)
  return withDescriptors(step, (layers, upperFd, workFd) => {
    const names = layers.join(':')
    if (names.length > valueBytes) return apart(() => withDescriptors(step, mountLong))
    enterDescriptors()
    return create(names, String(upperFd), String(workFd))
  })
}

/** Overlayfs separates layers by ":" and takes a backslash for an escape; before Linux 6.5 a comma ends an option. */
const isPlain = (path: string): boolean => !/[\\:,]/.test(path) && Buffer.byteLength(path) <= valueBytes

function create(lower: string, upper: string, work: string): number {
  return createFileSystem('overlay', 'overlay', { lowerdir: lower, upperdir: upper, workdir: work }, {})
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
