// What a request wants to do, as Kubernetes' authorizers see it.

/** What a request wants to do with objects, as Kubernetes' authorizers see it. */
export interface ResourceAttributes {
  /** get, list, watch, create, update, patch, delete, deletecollection … */
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  /** '' for the object itself. */
  readonly subresource: string
  /** '' at cluster scope, and for all namespaces. */
  readonly namespace: string
  /** '' for collections, and for the creation of an object. */
  readonly name: string
  /** What a list or a watch is narrowed to. */
  readonly fieldSelector?: string
}

/** A path that is not of the API's objects: `/metrics`. The verb is the HTTP method in lower case. */
export interface PathAttributes {
  readonly verb: string
  readonly path: string
}

export type Attributes = ResourceAttributes | PathAttributes

/** The one name that a list or a watch asks for, if it does: then it can be allowed by name. */
export function selectedName(fieldSelector = ''): string {
  return /^metadata\.name==?([^,=]+)$/.exec(fieldSelector)?.[1] ?? ''
}

export const isRead = (verb: string): boolean => verb === 'get' || verb === 'list' || verb === 'watch'

export const isEvent = (group: string, resource: string): boolean =>
  resource === 'events' && (group === '' || group === 'events.k8s.io')
