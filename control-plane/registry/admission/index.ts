// Every plugin there is, in Kubernetes' order (pkg/kubeapiserver/options/plugins.go).
import { defaultTolerationSeconds } from './default-toleration-seconds.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeRestriction } from './node-restriction.ts'
import type { AdmissionPlugin } from './plugin.ts'
import { priority } from './priority.ts'
import { serviceAccount } from './service-account.ts'

export const admissionPlugins: readonly AdmissionPlugin[] = [
  namespaceLifecycle,
  serviceAccount,
  nodeRestriction,
  priority,
  defaultTolerationSeconds,
]
