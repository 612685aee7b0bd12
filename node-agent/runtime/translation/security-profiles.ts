// Capabilities, and the profiles of seccomp and AppArmor, from CRI's security context to what a container starts with.
import {
  type LinuxContainerSecurityContext,
  type SecurityProfile,
  SecurityProfileProfileType,
} from '../../../proto/gen/cri.ts'
import type { CapabilitySpec } from '../container/container-spec.ts'
import { messageOf, RuntimeError } from '../errors.ts'
import { containerCapabilities } from '../security/capabilities.ts'
import type { SeccompFilters } from '../security/seccomp-filters.ts'
import { enumValue } from './enum-value.ts'

const { RuntimeDefault, Unconfined, Localhost } = SecurityProfileProfileType
const at = 'linux.security_context'

/** CRI has an ambient capability in every set, whether it is added by itself or not. */
export function capabilities({ capabilities: asked = {} }: LinuxContainerSecurityContext): CapabilitySpec {
  const { addCapabilities = [], dropCapabilities = [], addAmbientCapabilities = [] } = asked
  return {
    add: [...addCapabilities, ...addAmbientCapabilities],
    drop: dropCapabilities,
    ambient: addAmbientCapabilities,
  }
}

/** A filter's program; undefined for none. @throws RuntimeError `invalid` */
export function seccompFilter(filters: SeccompFilters, security: LinuxContainerSecurityContext): string | undefined {
  if (security.privileged) return undefined
  const { seccomp, seccompProfilePath = '' } = security
  const profile = seccomp ?? profileOf(seccompProfilePath, `${at}.seccomp_profile_path`)
  // Said nothing, a container is unconfined, as the kubelet without seccompDefault means it.
  if (!profile) return undefined
  switch (enumValue(SecurityProfileProfileType, profile.profileType, RuntimeDefault, `${at}.seccomp.profile_type`)) {
    case Unconfined:
      return undefined
    case RuntimeDefault:
      return filters(keptCapabilities(security))
    case Localhost:
      return filters(keptCapabilities(security), profile.localhostRef ?? '')
  }
}

/** A profile that is relied on and cannot be had is no default. @throws RuntimeError `unsupported`, `invalid` */
export function refuseAppArmor(security: LinuxContainerSecurityContext): void {
  const profile = security.apparmor ?? profileOf(security.apparmorProfile ?? '', `${at}.apparmor_profile`)
  if (security.privileged || !profile) return
  const type = enumValue(SecurityProfileProfileType, profile.profileType, RuntimeDefault, `${at}.apparmor.profile_type`)
  if (type !== Localhost) return
  throw new RuntimeError('unsupported', `${at}.apparmor: profiles of AppArmor are not supported`)
}

/** A profile as the fields write it that `seccomp` and `apparmor` have taken the place of. */
function profileOf(text: string, field: string): SecurityProfile | undefined {
  const prefix = 'localhost/'
  if (text === '') return undefined
  if (text === 'unconfined') return { profileType: Unconfined }
  if (text === 'runtime/default' || text === 'docker/default') return { profileType: RuntimeDefault }
  if (text.startsWith(prefix)) return { profileType: Localhost, localhostRef: text.slice(prefix.length) }
  throw new RuntimeError('invalid', `${field}: ${JSON.stringify(text)} is no profile`)
}

function keptCapabilities(security: LinuxContainerSecurityContext): readonly string[] {
  const { add, drop } = capabilities(security)
  try {
    return containerCapabilities(add, drop)
  } catch (error) {
    throw new RuntimeError('invalid', `${at}.capabilities: ${messageOf(error)}`, { cause: error })
  }
}
