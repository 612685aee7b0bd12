// The users a cluster begins with, each with the subject of its certificate.
import { nodeGroup, nodeUserName } from '../../api/values/node-user.ts'
import type { User } from './authenticate.ts'

export { nodeOf } from '../../api/values/node-user.ts'

export const administrators = 'system:masters'

export const adminUser: User = { name: 'kubernetes-admin', groups: [administrators] }
export const schedulerUser: User = { name: 'system:kube-scheduler', groups: [] }
export const controllerManagerUser: User = { name: 'system:kube-controller-manager', groups: [] }

export const nodeUser = (node: string): User => ({ name: nodeUserName(node), groups: [nodeGroup] })
