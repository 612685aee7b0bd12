// GetContainerEvents: what the kubelet's evented PLEG follows (KEP-3386).
import {
  type ContainerEventResponse,
  ContainerEventType,
  type RuntimeServiceDefinition,
} from '../../../proto/gen/cri.ts'
import { RuntimeError } from '../errors.ts'
import type { ContainerEvent, ContainerEventKind } from '../lifecycle/events.ts'
import type { Runtime } from '../lifecycle/runtime.ts'
import { nanoseconds, podSandboxStatus } from '../translation/messages.ts'
import { statusesOf } from './sandbox-rpcs.ts'
import type { Handlers } from './service.ts'

/** Events a client may lag behind. */
const maxBacklog = 4096

const types: Record<ContainerEventKind, ContainerEventType> = {
  created: ContainerEventType.CONTAINER_CREATED_EVENT,
  started: ContainerEventType.CONTAINER_STARTED_EVENT,
  stopped: ContainerEventType.CONTAINER_STOPPED_EVENT,
  deleted: ContainerEventType.CONTAINER_DELETED_EVENT,
}

export function eventHandlers(runtime: Runtime): Handlers<RuntimeServiceDefinition> {
  return {
    GetContainerEvents: (_request, client) =>
      new Promise((resolve, reject) => {
        const stop = runtime.events.subscribe(event => {
          if (client.backlog < maxBacklog) {
            void client.send(response(runtime, event))
            return
          }
          stop()
          reject(new RuntimeError('limit', 'the reader of events is too slow: list containers and subscribe again'))
        })
        client.signal.addEventListener('abort', () => {
          stop()
          resolve()
        })
      }),
  }
}

/** With the statuses as they are now, and the time of that: the kubelet keeps the newest by it. */
function response(runtime: Runtime, { kind, containerId, sandboxId }: ContainerEvent): ContainerEventResponse {
  const sandbox = runtime.sandboxRecords.get(sandboxId)
  return {
    containerId,
    containerEventType: types[kind],
    createdAt: nanoseconds(Date.now()),
    ...(sandbox && { podSandboxStatus: podSandboxStatus(sandbox) }),
    containersStatuses: statusesOf(runtime, sandboxId),
  }
}
