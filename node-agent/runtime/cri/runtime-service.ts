// CRI's RuntimeService: its RPCs, put together from what does them.
import type { RuntimeServiceDefinition } from '../../../proto/gen/cri.ts'
import { RuntimeError } from '../errors.ts'
import type { Runtime } from '../lifecycle/runtime.ts'
import { containerHandlers } from './container-rpcs.ts'
import { eventHandlers } from './event-rpcs.ts'
import { sandboxHandlers } from './sandbox-rpcs.ts'
import type { Handlers } from './service.ts'
import { statsHandlers } from './stats-rpcs.ts'
import { type StatusOptions, statusHandlers } from './status-rpcs.ts'

export type ServiceOptions = StatusOptions

export function runtimeHandlers(runtime: Runtime, options: ServiceOptions): Handlers<RuntimeServiceDefinition> {
  return {
    ...statusHandlers(runtime, options),
    ...sandboxHandlers(runtime),
    ...containerHandlers(runtime),
    ...statsHandlers(runtime),
    ...eventHandlers(runtime),
    Exec: () => refuseStreamingUrl('exec'),
    Attach: () => refuseStreamingUrl('attach'),
    PortForward: () => refuseStreamingUrl('port-forward'),
  }
}

function refuseStreamingUrl(what: string): never {
  const message = `${what} by URL is not offered: use tessera.runtime.v1.Streaming on this socket`
  throw new RuntimeError('unsupported', message)
}
