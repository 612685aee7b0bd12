// The directories of an overlay mount as fsconfig(2) takes them, at most 255 bytes a value: by path where that fits, else
// by descriptor, named from within /proc/self/fd, which takes three bytes a layer.
import { closeFd, O_DIRECTORY, O_PATH, openPath } from '../../../sys/fd.ts'
import { type FileSystemOptions } from '../../../sys/mount.ts'
import { changeDirectory } from '../../../sys/rooted.ts'
import { type Step } from '../../container/plan.ts'

const valueBytes = 255

type Overlay = Extract<Step, { do: 'mountOverlay' }>

export interface Layers extends Disposable {
  readonly options: FileSystemOptions
}

/** Overlayfs separates layers by ":" and takes a backslash for an escape; before Linux 6.5 a comma ends an option. */
const isPlain = (path: string): boolean => !/[\\:,]/.test(path) && Buffer.byteLength(path) <= valueBytes

/** May change the working directory. */
export function openLayers({ lower, upper, work }: Overlay): Layers {
  const fds: number[] = []
  const byDescriptor = (path: string): string => {
    const fd = openPath(path, O_PATH | O_DIRECTORY)
    fds.push(fd)
    return String(fd)
  }
  const close = (): void => fds.forEach(closeFd)
  try {
    const options = {
      ...lowerOptions(lower, byDescriptor),
      upperdir: isPlain(upper) ? upper : byDescriptor(upper),
      workdir: isPlain(work) ? work : byDescriptor(work),
    }
    if (fds.length > 0) enterDescriptors()
    return { options, [Symbol.dispose]: close }
  } catch (error) {
    close()
    throw error
  }
}

function lowerOptions(lower: readonly string[], byDescriptor: (path: string) => string): FileSystemOptions {
  const paths = lower.join(':')
  if (lower.every(isPlain) && Buffer.byteLength(paths) <= valueBytes) return { lowerdir: paths }
  const names = lower.map(byDescriptor)
  const joined = names.join(':')
  // One by one is for Linux 6.7 and newer; on an older one the kernel refuses, and the error names the option.
  return joined.length <= valueBytes ? { lowerdir: joined } : { 'lowerdir+': names }
}

function enterDescriptors(): void {
  const fd = openPath('/proc/self/fd', O_PATH | O_DIRECTORY)
  try {
    changeDirectory(fd, '/proc/self/fd')
  } finally {
    closeFd(fd)
  }
}
