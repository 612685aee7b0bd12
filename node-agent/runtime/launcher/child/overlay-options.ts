// The option string of an overlay mount. mount(2) reads at most one page; a longer list of layers is named by
// descriptors instead, which takes 18 bytes a layer.
import { closeFd, O_DIRECTORY, O_PATH, openPath } from '../../../sys/fd.ts'
import { type Step } from '../../container/plan.ts'
import { StartRefusal } from './failure.ts'

/** One page without the terminating NUL, on machines with the smallest pages. */
const pageBytes = 4095

type Overlay = Extract<Step, { do: 'mountOverlay' }>

/** Overlayfs separates layers by ":" and options by ","; a backslash takes that meaning away. */
function escape(path: string): string {
  return path.replace(/[\\:,]/g, character => `\\${character}`)
}

function format(lower: readonly string[], step: Overlay): string {
  return `lowerdir=${lower.join(':')},upperdir=${escape(step.upper)},workdir=${escape(step.work)}`
}

/** The options, and what to call once the mount is made. */
export function overlayOptions(step: Overlay): { readonly data: string; readonly release: () => void } {
  const plain = format(step.lower.map(escape), step)
  if (Buffer.byteLength(plain) <= pageBytes) return { data: plain, release: () => undefined }
  const fds = step.lower.map(path => openPath(path, O_PATH | O_DIRECTORY))
  const release = (): void => fds.forEach(closeFd)
  const data = format(
    fds.map(fd => `/proc/self/fd/${fd}`),
    step,
  )
  if (Buffer.byteLength(data) > pageBytes) {
    release()
    throw new StartRefusal('InvalidPlan', `${step.lower.length} layers are more than an overlay mount can name`)
  }
  return { data, release }
}
