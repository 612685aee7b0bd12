import { type FieldError, forbidden, invalid, required } from '../../schema/field-error.ts'
import { backstepErrors, each, must, unique } from '../rules.ts'
import type { AppArmorProfile, PodSecurityContext, SeccompProfile, SecurityContext } from './security.ts'

/** @param sharesUsers the pod has the host's user namespace, where a bare /proc would let root change the host */
export function validateSecurityContext(
  context: SecurityContext | undefined,
  field: string,
  sharesUsers: boolean,
): FieldError[] {
  if (context === undefined) return []
  const errors = [
    ...validateSeccomp(context.seccompProfile, `${field}.seccompProfile`),
    ...validateAppArmor(context.appArmorProfile, `${field}.appArmorProfile`),
  ]
  if (sharesUsers && context.procMount === 'Unmasked') {
    errors.push(invalid(`${field}.procMount`, context.procMount, '`hostUsers` must be false to use `Unmasked`'))
  }
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged === true) {
      const detail = 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'
      errors.push(invalid(field, 'allowPrivilegeEscalation', detail))
    }
    const added = context.capabilities?.add ?? []
    if (added.includes('SYS_ADMIN') || added.includes('CAP_SYS_ADMIN')) {
      const detail = 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'
      errors.push(invalid(field, 'allowPrivilegeEscalation', detail))
    }
  }
  return errors
}

export interface HostNamespaces {
  readonly hostNetwork?: boolean
  readonly hostIPC?: boolean
}

export function validatePodSecurityContext(
  context: PodSecurityContext | undefined,
  host: HostNamespaces,
  field: string,
): FieldError[] {
  if (context === undefined) return []
  const errors = [
    ...validateSeccomp(context.seccompProfile, `${field}.seccompProfile`),
    ...validateAppArmor(context.appArmorProfile, `${field}.appArmorProfile`),
  ]
  for (const [path, group] of each(`${field}.supplementalGroups`, context.supplementalGroups)) {
    must(errors, path, group, idErrors)
  }
  const once = unique(errors)
  for (const [path, { name }] of each(`${field}.sysctls`, context.sysctls)) {
    const at = `${path}.name`
    if (name === '') continue
    const dotted = name.replaceAll('/', '.')
    must(errors, at, name, sysctlErrors)
    once(at, dotted, name)
    if (host.hostNetwork === true && dotted.startsWith('net.')) {
      errors.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"))
    }
    if (host.hostIPC === true && /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(dotted)) {
      errors.push(invalid(at, name, "may not be specified when 'hostIPC' is true"))
    }
  }
  return errors
}

/** Ids of users and groups are 32 bits, and -1 is none. */
function idErrors(id: number): string[] {
  return id >= 0 && id <= 2 ** 31 - 1 ? [] : ['must be between 0 and 2147483647, inclusive']
}

const sysctlSegment = '[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?'
const sysctl = new RegExp(`^(?:${sysctlSegment}[\\./])*${sysctlSegment}$`)

function sysctlErrors(name: string): string[] {
  if (name.length > 253) return ['must be no more than 253 characters']
  return sysctl.test(name) ? [] : [`must have at most 253 characters and match regex ${sysctl.source}`]
}

function validateSeccomp(profile: SeccompProfile | undefined, field: string): FieldError[] {
  return validateLocalProfile(profile, field, 'seccomp')
}

function validateAppArmor(profile: AppArmorProfile | undefined, field: string): FieldError[] {
  return validateLocalProfile(profile, field, 'AppArmor')
}

/** A profile of type Localhost names a file below the node's directory of profiles; others name none. */
function validateLocalProfile(
  profile: SeccompProfile | AppArmorProfile | undefined,
  field: string,
  what: string,
): FieldError[] {
  if (profile === undefined) return []
  const { type, localhostProfile } = profile
  const at = `${field}.localhostProfile`
  if (type !== 'Localhost') {
    const detail = `can only be set when ${what} type is Localhost`
    return localhostProfile === undefined ? [] : [forbidden(at, detail)]
  }
  if (localhostProfile === undefined || localhostProfile === '') {
    return [required(at, `must be set when ${what} type is Localhost`)]
  }
  const errors: FieldError[] = []
  if (localhostProfile.startsWith('/')) errors.push(invalid(at, localhostProfile, 'must be a relative path'))
  must(errors, at, localhostProfile, backstepErrors)
  return errors
}
