// The filters containers ask for by CRI: the runtime's own, or one compiled from a file of this machine.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { hasCode } from '../../sys/errno.ts'
import { messageOf, RuntimeError } from '../errors.ts'
import { compileSeccomp } from './seccomp-compile.ts'
import { defaultSeccompProfile } from './seccomp-default.ts'
import { type KernelVersion, parseSeccompProfile, type SeccompTarget } from './seccomp-profile.ts'
import type { Architecture } from './syscall-table.ts'

/**
 * A program for seccomp(2), in base64.
 * @param capabilities those the container keeps, as `CAP_NET_RAW`
 * @param localhostRef a profile's file, by its absolute path as CRI says; absent: the default
 * @throws RuntimeError `invalid` for a file that is missing or no profile
 */
export type SeccompFilters = (capabilities: readonly string[], localhostRef?: string) => string

export interface SeccompMachine {
  /** As Node and os.release() tell them. */
  readonly architecture: string
  readonly kernel: string
  /** Told about names in a file that this machine's architecture has no call for. */
  readonly onUnknownNames: (file: string, names: readonly string[]) => void
}

const field = 'linux.security_context.seccomp.localhost_ref'

/** Default filters are compiled once for each set of capabilities; files are read each time, as they may change. */
export function seccompFilters({ architecture, kernel, onUnknownNames }: SeccompMachine): SeccompFilters {
  const machine = { architecture: known(architecture), kernel: versionOf(kernel) }
  const defaults = new Map<string, string>()
  return (capabilities, localhostRef) => {
    const target: SeccompTarget = { ...machine, capabilities }
    if (localhostRef !== undefined) {
      const { program, unknownNames } = compileFile(localhostRef, target)
      if (unknownNames.length > 0) onUnknownNames(localhostRef, unknownNames)
      return program
    }
    const key = capabilities.toSorted().join()
    const program = defaults.get(key) ?? base64(compileSeccomp(defaultSeccompProfile, target).program)
    defaults.set(key, program)
    return program
  }
}

function compileFile(file: string, target: SeccompTarget) {
  if (file === '') throw refused('is missing: a profile of type Localhost is a file')
  if (!path.isAbsolute(file)) throw refused(`${JSON.stringify(file)} is no absolute path`)
  try {
    const { program, unknownNames } = compileSeccomp(parseSeccompProfile(readFileSync(file, 'utf8')), target)
    return { program: base64(program), unknownNames }
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) throw refused(`there is no profile ${file}: put it there`, error)
    throw refused(`profile ${file}: ${messageOf(error)}`, error)
  }
}

function refused(why: string, cause?: unknown): RuntimeError {
  return new RuntimeError('invalid', `${field}: ${why}`, { cause })
}

function known(architecture: string): Architecture {
  if (architecture === 'x64' || architecture === 'arm64') return architecture
  throw new RuntimeError('unsupported', `seccomp: filters are made for x64 and arm64, and this is ${architecture}`)
}

function versionOf(kernel: string): KernelVersion {
  const [major = 0, minor = 0] = kernel.split('.').map(part => Number.parseInt(part, 10))
  return [major, minor]
}

function base64(program: Uint8Array): string {
  return Buffer.from(program).toString('base64')
}
