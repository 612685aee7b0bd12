// What a specification may say. These rules hold whoever wrote it; each error names the field.
import { resourceNames } from '../../sys/resource-names.ts'
import { canonicalCapabilities, UnknownCapabilityError } from '../security/capabilities.ts'
import { type CapabilitySpec, type ContainerSpec, type ExecSpec, type ProcessSpec } from './container-spec.ts'
import { InvalidSpecError } from './invalid-spec.ts'

const maxOomScoreAdj = 1000

export function checkContainerSpec(spec: ContainerSpec): void {
  checkId('id', spec.id)
  if (spec.root.kind === 'overlay' && spec.root.lower.length === 0) {
    throw new InvalidSpecError('root.lower', 'an overlay needs at least one layer')
  }
  spec.mounts.forEach((mount, index) => {
    const field = `mounts[${index}]`
    checkAbsolute(`${field}.target`, mount.target)
    if (mount.kind === 'bind') checkAbsolute(`${field}.source`, mount.source)
    if (mount.kind === 'bind' && mount.recursiveReadOnly === true && mount.flags?.readOnly !== true) {
      throw new InvalidSpecError(`${field}.recursiveReadOnly`, 'only a read-only mount can be recursively read-only')
    }
    if (/^\/+$/.test(mount.target)) throw new InvalidSpecError(`${field}.target`, 'nothing can be mounted over /')
  })
  spec.devices?.forEach((device, index) => {
    if (!/^\/dev\/[^/]/.test(device.path)) {
      throw new InvalidSpecError(`devices[${index}].path`, `${JSON.stringify(device.path)} is not below /dev`)
    }
  })
  checkProcess(spec.process)
}

export function checkExecSpec(spec: ExecSpec): void {
  checkId('id', spec.id)
  checkProcess(spec.process)
}

/** An id becomes a file name in the launcher's state directory. */
function checkId(field: string, id: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$/.test(id)) {
    throw new InvalidSpecError(field, `${JSON.stringify(id)}: use 1 to 200 letters, digits, "_", "." and "-"`)
  }
}

function checkAbsolute(field: string, path: string): void {
  if (!path.startsWith('/')) throw new InvalidSpecError(field, `${JSON.stringify(path)} is not an absolute path`)
  if (path.includes('\0')) throw new InvalidSpecError(field, 'a path cannot hold a NUL byte')
}

function checkProcess(process: ProcessSpec): void {
  if (process.argv.length === 0 || process.argv[0] === '') {
    throw new InvalidSpecError('process.argv', 'no command: neither the container nor its image names one')
  }
  process.argv.forEach((arg, index) => checkText(`process.argv[${index}]`, arg))
  process.env.forEach((entry, index) => {
    checkText(`process.env[${index}]`, entry)
    if (entry.indexOf('=') < 1) {
      throw new InvalidSpecError(`process.env[${index}]`, `${JSON.stringify(entry)} is not NAME=value`)
    }
  })
  if (process.workingDirectory !== undefined) checkText('process.workingDirectory', process.workingDirectory)
  const { oomScoreAdj } = process
  if (oomScoreAdj !== undefined && Math.abs(oomScoreAdj) > maxOomScoreAdj) {
    throw new InvalidSpecError('process.oomScoreAdj', `${oomScoreAdj} is not within -1000 and 1000`)
  }
  for (const limit of process.limits ?? []) {
    if (!resourceNames.includes(limit.name)) {
      throw new InvalidSpecError(`process.limits.${limit.name}`, `no such limit: one of ${resourceNames.join(', ')}`)
    }
    if (limit.hard >= 0 && limit.soft > limit.hard) {
      throw new InvalidSpecError(`process.limits.${limit.name}`, `the soft limit ${limit.soft} exceeds ${limit.hard}`)
    }
  }
  for (const set of ['add', 'drop', 'ambient'] as const) checkCapabilities(set, process.capabilities)
}

function checkText(field: string, text: string): void {
  if (text.includes('\0')) throw new InvalidSpecError(field, 'a NUL byte cannot be passed to a program')
}

function checkCapabilities(set: keyof CapabilitySpec, capabilities: CapabilitySpec): void {
  try {
    canonicalCapabilities(capabilities[set])
  } catch (error) {
    if (error instanceof UnknownCapabilityError)
      throw new InvalidSpecError(`process.capabilities.${set}`, error.message)
    throw error
  }
}
