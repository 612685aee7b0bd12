// What goes wrong with a cgroup, in words that name the limit and not where this machine keeps its cgroups: they end up
// before users, who can change the one and not the other. The cause has the path.
import { type CgroupLimits } from './cgroups.ts'

/** A limit by its name, or a file of CRI's `unified`. */
export type LimitName = Exclude<keyof CgroupLimits, 'unified'> | `unified["${string}"]`

interface Circumstances {
  /** The limit whose value the kernel does not accept; absent when it was about something else. */
  readonly limit?: LimitName
  readonly cause?: unknown
}

export class CgroupError extends Error {
  override readonly name = 'CgroupError'
  readonly limit: LimitName | undefined

  constructor(message: string, { limit, cause }: Circumstances = {}) {
    super(message, { cause })
    this.limit = limit
  }
}

/** A cgroup cannot be made because those above it have no memory left for it. */
export class NoRoomError extends CgroupError {}

/** More is in use than a limit allows. */
export class InUseError extends CgroupError {}

const refusals: Readonly<Record<string, string>> = {
  EBUSY: 'more is in use than the new limit allows',
  ENOENT: 'this kernel has no such file',
  EINVAL: 'the kernel does not accept this value here (a cgroup above may allow less)',
  ERANGE: 'out of the range that the kernel accepts',
  EOVERFLOW: 'out of the range that the kernel accepts',
}

/** What a failed write to one of its files means. */
export function writeError(file: string, value: string, limit: LimitName | undefined, cause: unknown): CgroupError {
  const code = codeOf(cause)
  const refusal = refusals[code]
  if (refusal !== undefined && limit !== undefined) {
    const message = `${value}: ${refusal} (${file}: ${code})`
    return code === 'EBUSY' ? new InUseError(message, { limit, cause }) : new CgroupError(message, { limit, cause })
  }
  return new CgroupError(`writing ${JSON.stringify(value)} to ${file}: ${refusal ?? access[code] ?? code}`, { cause })
}

/** What a failed mkdir(2) means. */
export function makeError(controllers: readonly string[], cause: unknown): CgroupError {
  const code = codeOf(cause)
  if (code === 'ENOMEM') {
    const message =
      'no memory is left for another cgroup: the memory limit of the one above (a pod, for a container) is too low'
    return new NoRoomError(message, { cause })
  }
  const where = controllers.length === 0 ? '' : ` for ${controllers.join(', ')}`
  return new CgroupError(`making a cgroup${where}: ${access[code] ?? code}`, { cause })
}

const denied = 'the hierarchy is not writable: run as root where cgroups are delegated'
const access: Readonly<Record<string, string>> = { EACCES: denied, EPERM: denied, EROFS: denied }

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error)
}
