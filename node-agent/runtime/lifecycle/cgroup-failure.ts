// Values that a cgroup does not take are the client's fault; whatever else fails there is the machine's.
import { hasCode } from '../../sys/errno.ts'
import { CgroupError } from '../cgroups/files.ts'
import { RuntimeError, type RuntimeErrorCode } from '../errors.ts'

const machineFailures = ['EACCES', 'EROFS', 'EPERM', 'ENOSPC', 'ENOMEM', 'EIO']

/**
 * Carries out what sets limits.
 * @param field of the request, whose `resources` they are
 * @throws RuntimeError `invalid`, `state` (more is in use than the limit allows), `failed`
 */
export function limiting<T>(field: string, setLimits: () => T): T {
  try {
    return setLimits()
  } catch (error) {
    if (!(error instanceof CgroupError)) throw error
    throw new RuntimeError(codeOf(error), `${field}.resources: ${error.message}`, { cause: error })
  }
}

/** Of what the kernel says to a value that is none (EINVAL), out of range (ERANGE), or for no file of its (ENOENT). */
function codeOf({ cause }: CgroupError): RuntimeErrorCode {
  if (hasCode(cause, 'EBUSY')) return 'state'
  return hasCode(cause, ...machineFailures) ? 'failed' : 'invalid'
}
