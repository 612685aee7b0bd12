// Streams by pod: which node a pod is on, which of its containers is meant, then the agent's session.
import { StatusError } from '../../../api/errors.ts'
import type { ExecStart, LogsRequest } from '../../../proto/gen/tessera.ts'
import type { ApiObject, Registry, RequestContext } from '../../registry/contract.ts'
import { checkLogOptions } from './log-options.ts'
import type { Sessions } from './sessions.ts'
import type { ExecStream, LogStream } from './streams.ts'

export interface PodStreams {
  /**
   * Undefined: the pod has no node yet, and so no log.
   * @throws StatusError when there is no such pod or container, or its node can't be reached
   */
  logs(request: LogsRequest, caller: StreamCaller): Promise<LogStream | undefined>
  /** Whether a command could be asked for; the node isn't. @throws StatusError when not, as exec does */
  checkExec(start: ExecStart, caller: StreamCaller): Promise<void>
  /** @throws StatusError as logs does, when the pod is over or no command is given, and when admission refuses */
  exec(start: ExecStart, caller: StreamCaller): Promise<ExecStream>
}

/** Who asks, and until when. */
type StreamCaller = Pick<RequestContext, 'user'> & { readonly signal: AbortSignal }

/** The parts of a pod that say where its streams are. */
interface StreamedPod {
  readonly metadata: { readonly name: string }
  readonly spec?: {
    readonly nodeName?: string
    readonly containers?: readonly Named[]
    readonly initContainers?: readonly Named[]
    readonly ephemeralContainers?: readonly Named[]
  }
  readonly status?: { readonly phase?: string }
}

interface Named {
  readonly name: string
}

export function podStreams(registry: Registry, sessions: Sessions): PodStreams {
  async function resolveExec(start: ExecStart, caller: StreamCaller) {
    const pod: StreamedPod = await find(registry, start, 'exec', caller)
    const container = chooseContainer(pod, start.container)
    const node = pod.spec?.nodeName
    if (!node) throw StatusError.badRequest(`pod ${pod.metadata.name} does not have a host assigned`)
    if (!start.command?.length) throw StatusError.badRequest('you must specify at least one command for the container')
    const phase = pod.status?.phase
    if (phase === 'Succeeded' || phase === 'Failed') {
      throw StatusError.badRequest(`cannot exec into a container in a completed pod; current phase is ${phase}`)
    }
    return { node, start: { ...start, container } }
  }

  return {
    async logs(request, caller) {
      checkLogOptions(request)
      const pod: StreamedPod = await find(registry, request, 'log', caller)
      const container = chooseContainer(pod, request.container)
      const node = pod.spec?.nodeName
      return node ? sessions.openLogs(node, { ...request, container }, caller.signal) : undefined
    },
    async checkExec(start, caller) {
      await resolveExec(start, caller)
    },
    async exec(start, caller) {
      const resolved = await resolveExec(start, caller)
      return sessions.openExec(resolved.node, resolved.start, caller.signal)
    },
  }
}

async function find(
  registry: Registry,
  { namespace = '', pod: name = '' }: { namespace?: string | undefined; pod?: string | undefined },
  subresource: 'exec' | 'log',
  context: RequestContext,
): Promise<ApiObject> {
  const pods = registry.resource('', 'v1', 'pods')
  if (!pods) throw StatusError.noSuchResource()
  return (await pods.connect({ namespace, name, subresource }, context)).object
}

/** The container asked for, else the only one (pkg/registry/core/pod). @throws StatusError BadRequest */
export function chooseContainer({ metadata, spec = {} }: StreamedPod, wanted: string | undefined): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec
  const names = [...initContainers, ...containers, ...ephemeralContainers].map(({ name }) => name)
  if (wanted) {
    if (names.includes(wanted)) return wanted
    throw StatusError.badRequest(`container ${wanted} is not valid for pod ${metadata.name}`)
  }
  const [only, ...more] = containers
  if (only && more.length === 0) return only.name
  const choice = only ? `, choose one of: [${names.join(' ')}]` : ''
  throw StatusError.badRequest(`a container name must be specified for pod ${metadata.name}${choice}`)
}
