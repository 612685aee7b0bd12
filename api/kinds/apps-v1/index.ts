// The kinds of the group version apps/v1.
import type { Kind } from '../kind.ts'
import { controllerRevisions } from './controller-revision.ts'
import { daemonSets } from './daemon-set.ts'
import { deployments } from './deployment.ts'
import { replicaSets } from './replica-set.ts'
import { statefulSets } from './stateful-set.ts'

export const appsV1: readonly Kind[] = [controllerRevisions, daemonSets, deployments, replicaSets, statefulSets]
