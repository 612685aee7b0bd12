// The kinds of the group version v1 (the core group).
import type { Kind } from '../kind.ts'
import { bindings } from './binding.ts'
import { configMaps } from './config-map.ts'
import { events } from './event.ts'
import { namespaces } from './namespace.ts'
import { nodes } from './node.ts'
import { pods } from './pod.ts'
import { podTemplates } from './pod-template-kind.ts'
import { replicationControllers } from './replication-controller.ts'
import { secrets } from './secret.ts'
import { services } from './service.ts'

export const coreV1: readonly Kind[] = [
  bindings,
  configMaps,
  events,
  namespaces,
  nodes,
  pods,
  podTemplates,
  replicationControllers,
  secrets,
  services,
]
