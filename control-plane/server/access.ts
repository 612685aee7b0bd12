// May they: the question both doors ask before every request. control-plane/auth answers it.
import { StatusError } from '../../api/errors.ts'
import type { PeerSubject } from '../../lib/tls.ts'
import type { User } from '../auth/authenticate.ts'
import type { Attributes, Authorize } from '../auth/authorize.ts'

/** Who a verified client certificate speaks for; without one: the anonymous user. */
export type Authenticate = (peer: PeerSubject | undefined) => User

/** @throws StatusError Forbidden, in Kubernetes' words */
export function checkAccess(authorize: Authorize, user: User, attributes: Attributes): void {
  const decision = authorize(user, attributes)
  if (decision === true) return
  const reason = decision === false || decision === '' ? '' : `: ${decision}`
  const who = `User ${JSON.stringify(user.name)} cannot ${attributes.verb}`
  if ('path' in attributes) throw forbiddenPath(`${who} path ${JSON.stringify(attributes.path)}${reason}`)
  const { group, resource, subresource, namespace, name } = attributes
  const what = subresource === '' ? resource : `${resource}/${subresource}`
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`
  const why = `${who} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}${reason}`
  throw StatusError.forbidden({ group, resource }, name, why)
}

function forbiddenPath(why: string): StatusError {
  return StatusError.from({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `forbidden: ${why}`,
    reason: 'Forbidden',
    code: 403,
  })
}
