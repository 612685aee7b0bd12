// The users a cluster begins with, each with the subject of its certificate.
import type { User } from './authenticate.ts'

export const administrators = 'system:masters'
const nodeGroup = 'system:nodes'

export const adminUser: User = { name: 'kubernetes-admin', groups: [administrators] }
export const schedulerUser: User = { name: 'system:kube-scheduler', groups: [] }
export const controllerManagerUser: User = { name: 'system:kube-controller-manager', groups: [] }

const nodePrefix = 'system:node:'

export const nodeUser = (node: string): User => ({ name: nodePrefix + node, groups: [nodeGroup] })

/** The node an agent's certificate is for; undefined when the user is no node agent. */
export function nodeOf(user: User): string | undefined {
  const isNode = user.groups.includes(nodeGroup) && user.name.startsWith(nodePrefix)
  return isNode ? user.name.slice(nodePrefix.length) : undefined
}
