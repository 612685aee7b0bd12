// Every kind this build begins with, by group version, in the order in which groups are told of. What is served is
// said by the registry's catalogue, which begins with these.
import { appsV1 } from './apps-v1/index.ts'
import { batchV1 } from './batch-v1/index.ts'
import { coordinationV1 } from './coordination-v1/index.ts'
import { coreV1 } from './core-v1/index.ts'
import type { Kind } from './kind.ts'
import { policyV1 } from './policy-v1/index.ts'

export const kinds: readonly Kind[] = [...coreV1, ...appsV1, ...batchV1, ...coordinationV1, ...policyV1]
