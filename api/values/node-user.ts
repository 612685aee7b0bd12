// The user a node agent speaks as, as Kubernetes names it (pkg/auth/nodeidentifier): `system:node:NAME` in `system:nodes`.

export const nodeGroup = 'system:nodes'

const nodePrefix = 'system:node:'

export const nodeUserName = (node: string): string => nodePrefix + node

/** The node a user is the agent of, '' where the user names none; undefined when the user is no node agent. */
export function nodeOf(user: { readonly name: string; readonly groups: readonly string[] }): string | undefined {
  const isNode = user.groups.includes(nodeGroup) && user.name.startsWith(nodePrefix)
  return isNode ? user.name.slice(nodePrefix.length) : undefined
}
