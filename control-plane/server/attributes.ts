// What a request wants to do with objects, as authorizers see it: built here for both doors, so that one request means
// the same at each.
import { type ResourceAttributes, selectedName } from '../auth/attributes.ts'

/** What a request addresses; '' or absent for what it does not say. */
export interface Addressed {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly namespace?: string | undefined
  readonly name?: string | undefined
  readonly subresource?: string | undefined
  readonly fieldSelector?: string | undefined
}

export function attributesOf(verb: string, addressed: Addressed): ResourceAttributes {
  const { group, version, resource, subresource = '', fieldSelector = '' } = addressed
  // What is asked for by name can be allowed by name.
  const selected = verb === 'list' || verb === 'watch' ? selectedName(fieldSelector) : ''
  const name = addressed.name || selected
  // A namespace is in itself, so that who may do something in it may do it with it.
  const namespace = group === '' && resource === 'namespaces' ? (addressed.name ?? '') : (addressed.namespace ?? '')
  return { verb, group, version, resource, subresource, namespace, name, fieldSelector }
}
