// Filters ready for ProcessSpec.seccomp.
import { readFileSync } from 'node:fs'
import { InvalidSpecError } from '../../container/invalid-spec.ts'
import { defaultCapabilities } from '../capabilities.ts'
import { compileProfile } from './compile.ts'
import { defaultProfile } from './default-profile.ts'
import { parseProfile } from './profile.ts'
import { type FilterArch } from './syscall-table.ts'

function ownArch(): FilterArch {
  const { arch } = process
  if (arch === 'x64' || arch === 'arm64') return arch
  throw new Error(`no seccomp filters for ${arch}: they need x86-64 or arm64`)
}

const encode = (program: Uint8Array): string => Buffer.from(program).toString('base64')

const cache = new Map<string, string>()

/**
 * RuntimeDefault's filter for a container with these capabilities, in base64.
 * @param capabilities the bounding set (security/capabilities.ts)
 */
export function defaultSeccompFilter(capabilities: readonly string[] = defaultCapabilities): string {
  const key = capabilities.join()
  let filter = cache.get(key)
  if (filter === undefined) {
    filter = encode(compileProfile(defaultProfile(capabilities, ownArch()), ownArch()))
    cache.set(key, filter)
  }
  return filter
}

/** The filter of a profile file (OCI's JSON), in base64. Throws InvalidSpecError naming the file or the field. */
export function seccompFilterFromFile(path: string): string {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new InvalidSpecError('seccomp.localhostProfile', `${path} cannot be read: ${String(error)}`)
  }
  return encode(compileProfile(parseProfile(text), ownArch()))
}
