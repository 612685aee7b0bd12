// What a URL's path addresses: a collection, an object, a subresource, or something that is not of the API's objects.

export interface ResourcePath {
  /** '' for the core group. */
  readonly group: string
  readonly version: string
  /** '' at cluster scope, and for all namespaces. */
  readonly namespace: string
  readonly resource: string
  /** '' for a collection. */
  readonly name: string
  /** '' for the object itself. */
  readonly subresource: string
}

/**
 * Reads `/api/VERSION/…` and `/apis/GROUP/VERSION/…`; undefined for every other path, for one that ends before a
 * resource, and for one with empty or undecodable segments.
 *
 * `namespaces` is both a resource and the scope of others: `/namespaces/x` is the object, `/namespaces/x/status` and
 * `/namespaces/x/finalize` its subresources, anything else after it is in namespace x.
 */
export function parseResourcePath(
  pathname: string,
  isNamespaceSubresource: (name: string) => boolean,
): ResourcePath | undefined {
  const segments = decodeSegments(pathname)
  if (segments === undefined) return undefined
  const [root, ...rest] = segments
  if (root !== 'api' && root !== 'apis') return undefined
  const group = root === 'api' ? '' : rest.shift()
  const version = rest.shift()
  if (group === undefined || version === undefined) return undefined

  let namespace = ''
  if (rest[0] === 'namespaces' && rest.length > 2 && !isNamespaceSubresource(rest[2] ?? '')) {
    namespace = rest[1] ?? ''
    rest.splice(0, 2)
  }
  const [resource, name = '', ...subresource] = rest
  // Only a proxy's subresource has a path of its own, and none is served.
  if (resource === undefined || subresource.length > 1) return undefined
  return { group, version, namespace, resource, name, subresource: subresource[0] ?? '' }
}

/** The path's parts, decoded; a single slash at the end does not count. */
function decodeSegments(pathname: string): string[] | undefined {
  const segments = pathname.split('/').slice(1)
  if (segments.at(-1) === '') segments.pop()
  try {
    const decoded = segments.map(decodeURIComponent)
    return decoded.includes('') ? undefined : decoded
  } catch {
    return undefined
  }
}
