// `kubectl --as`: acting as another user, for those who may impersonate that user and every group named.
import type { IncomingHttpHeaders } from 'node:http'
import { StatusError } from '../../../api/errors.ts'
import type { User } from '../../auth/authenticate.ts'
import type { Authorize } from '../../auth/authorize.ts'
import { checkAccess } from '../access.ts'

/** Node joins repeated headers of other names than its own list with a comma and a blank. */
const groupsOf = (header: string | string[] | undefined): string[] =>
  [header ?? []].flat().flatMap(value => value.split(', '))

/**
 * The user a request is to be judged as.
 * @throws StatusError Forbidden when the user may not be impersonated; BadRequest for what can't be
 */
export function impersonated(user: User, headers: IncomingHttpHeaders, authorize: Authorize): User {
  const [name] = [headers['impersonate-user'] ?? []].flat()
  const groups = groupsOf(headers['impersonate-group'])
  const others = Object.keys(headers).filter(header => /^impersonate-(uid$|extra-)/.test(header))
  if (others.length > 0)
    throw StatusError.badRequest(`${others.join(', ')}: users have neither a uid nor extra fields here`)
  if (name === undefined) {
    if (groups.length === 0) return user
    throw StatusError.badRequest('impersonate-group: name the user too (impersonate-user)')
  }
  const attributes = { verb: 'impersonate', group: '', version: 'v1', subresource: '', namespace: '' }
  checkAccess(authorize, user, { ...attributes, resource: 'users', name })
  for (const group of groups) checkAccess(authorize, user, { ...attributes, resource: 'groups', name: group })
  return { name, groups: [...new Set([...groups, 'system:authenticated'])] }
}
