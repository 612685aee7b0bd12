// The last steps: becoming the user, finding the program, and turning into it.
import { accessSync, constants, statSync } from 'node:fs'
import { capabilityNames, capabilityNumber } from '../../../sys/capability-names.ts'
import {
  capabilityMask,
  limitBoundingSet,
  permittedCapabilities,
  setCapabilitySets,
  setGroups,
  setIds,
} from '../../../sys/credentials.ts'
import { hasCode, SyscallError } from '../../../sys/errno.ts'
import { closeFd, dupOnto, O_DIRECTORY, O_PATH } from '../../../sys/fd.ts'
import {
  clearAmbientCapabilities,
  execute,
  raiseAmbientCapability,
  setKeepCapabilities,
  setUmask,
} from '../../../sys/process.ts'
import { changeDirectory, openInRoot } from '../../../sys/rooted.ts'
import { installSeccompFilter } from '../../../sys/seccomp.ts'
import { releaseSignals } from '../../../sys/signals.ts'
import { type Step } from '../../container/plan.ts'
import { StartRefusal } from './failure.ts'
import { type ChildState, requireRoot } from './state.ts'
import { settleStreams } from './stdio.ts'

const notFound = 127
const notExecutable = 126

export function becomeUser(step: Extract<Step, { do: 'becomeUser' }>, state: ChildState, lastCapability: number): void {
  const { uid, gid, supplementaryGroups } = state.user
  const { bounding, effective, inheritable, ambient } = step.capabilities
  settleStreams(state)
  // What this kernel doesn't know, and what the launcher itself lacks, cannot be kept.
  const available = capabilityMask(capabilityNames.slice(0, lastCapability + 1)) & permittedCapabilities()
  limitBoundingSet(bounding, lastCapability)
  setGroups(supplementaryGroups)
  setKeepCapabilities(true)
  setIds(uid, gid)
  const held = capabilityMask(effective) & available
  // A filter takes CAP_SYS_ADMIN or no_new_privs. execve(2) makes the permitted set anew, without what is held until then.
  const installing = state.filter !== undefined && !state.noNewPrivileges ? capabilityMask(['CAP_SYS_ADMIN']) : 0n
  const permitted = held | (installing & permittedCapabilities())
  setCapabilitySets({ effective: permitted, permitted, inheritable: capabilityMask(inheritable) & held })
  setKeepCapabilities(false)
  clearAmbientCapabilities()
  for (const name of ambient) {
    const bit = 1n << BigInt(capabilityNumber(name))
    if ((held & bit) !== 0n) raiseAmbientCapability(capabilityNumber(name))
    else state.warnings.push(`capability ${name} is not available on this machine`)
  }
}

/**
 * Everything up to execve(2) itself; answers what does it, and last of all installs the filter: nobody has to allow more
 * than execve(2) for a program to begin.
 */
export function prepareProgram(
  step: Extract<Step, { do: 'execute' }>,
  state: ChildState,
  changedSignals: readonly number[],
): () => never {
  enterWorkingDirectory(step.workingDirectory, requireRoot(state))
  const env = step.env.some(entry => entry.startsWith('HOME=')) ? step.env : [...step.env, `HOME=${state.user.home}`]
  const [name = ''] = step.argv
  const path = findProgram(name, searchPath(env))
  return () => {
    setUmask(0o022)
    releaseSignals(changedSignals)
    takeStreams(state)
    if (state.filter !== undefined) installSeccompFilter(state.filter)
    try {
      return execute(path, step.argv, env)
    } catch (error) {
      throw error instanceof SyscallError ? new ProgramRefusal(path, error) : error
    }
  }
}

/** Without streams of its own a program gets none: what stands at 0 to 2 is the launcher's. */
function takeStreams({ stdio }: ChildState): void {
  for (const target of [0, 1, 2]) {
    const stream = stdio?.[target]
    if (stream === undefined) closeFd(target)
    else if (stream !== 'null') dupOnto(stream.fd, target)
  }
}

/**
 * Looked up without following magic links: a working directory of /proc/self/fd/N must not lead to a descriptor of the
 * host (CVE-2024-21626).
 */
function enterWorkingDirectory(path: string, rootFd: number): void {
  let fd: number
  try {
    fd = openInRoot(rootFd, path, { flags: O_PATH | O_DIRECTORY })
  } catch (error) {
    const why = error instanceof SyscallError ? describe(error) : String(error)
    throw new StartRefusal('InvalidPlan', `cannot enter the working directory ${path}: ${why}`)
  }
  try {
    changeDirectory(fd, path)
  } catch (error) {
    const why = error instanceof SyscallError ? describe(error) : String(error)
    throw new StartRefusal('InvalidPlan', `cannot enter the working directory ${path}: ${why}`)
  }
  closeFd(fd)
}

function searchPath(env: readonly string[]): readonly string[] {
  const entry = env.findLast(variable => variable.startsWith('PATH='))
  return entry === undefined ? [] : entry.slice('PATH='.length).split(':')
}

/** execvp(3)'s rule, with the words users of OCI runtimes know. */
function findProgram(name: string, directories: readonly string[]): string {
  if (name.includes('/')) {
    const problem = executability(name)
    if (problem === undefined) return name
    if (problem.code === 'ENOENT') {
      throw new StartRefusal('ProgramNotFound', `exec: "${name}": stat ${name}: no such file or directory`, notFound)
    }
    throw new StartRefusal('ProgramNotExecutable', `exec: "${name}": ${problem.message}`, notExecutable)
  }
  for (const directory of directories) {
    const candidate = `${directory === '' ? '.' : directory}/${name}`
    if (executability(candidate) === undefined) return candidate
  }
  throw new StartRefusal('ProgramNotFound', `exec: "${name}": executable file not found in $PATH`, notFound)
}

/** Why a file cannot be executed; undefined when it can. */
function executability(path: string): { readonly code: string; readonly message: string } | undefined {
  try {
    if (statSync(path).isDirectory()) return { code: 'EISDIR', message: 'is a directory' }
    accessSync(path, constants.X_OK)
    return undefined
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return { code: 'ENOENT', message: 'no such file or directory' }
    if (hasCode(error, 'EACCES')) return { code: 'EACCES', message: 'permission denied' }
    if (hasCode(error, 'ELOOP')) return { code: 'ELOOP', message: 'too many levels of symbolic links' }
    throw error
  }
}

/** execve(2) would not have the program, although it is there and may be executed. */
export class ProgramRefusal extends StartRefusal {
  /** What a program's own complaint would be like. */
  readonly complaint: string

  constructor(path: string, error: SyscallError) {
    const complaint = `exec ${path}: ${describe(error)}`
    if (error.code === 'ENOENT') super('ProgramNotFound', `${complaint}${hints.ENOENT}`, notFound)
    else super('ProgramNotExecutable', `${complaint}${error.code === 'ENOEXEC' ? hints.ENOEXEC : ''}`, notExecutable)
    this.complaint = complaint
  }
}

const hints = {
  ENOENT: ' (the file is there: its interpreter or dynamic loader is missing)',
  ENOEXEC: ' (is it built for this architecture, or a script without "#!"?)',
}

const texts: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  ENOEXEC: 'exec format error',
  ENOTDIR: 'not a directory',
  ELOOP: 'too many levels of symbolic links',
  E2BIG: 'argument list too long',
  EPERM: 'operation not permitted',
  ETXTBSY: 'text file busy',
}

function describe(error: SyscallError): string {
  return texts[error.code] ?? error.code
}
