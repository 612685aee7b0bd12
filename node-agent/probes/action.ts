// Things done to a container to learn how it is, or to tell it something: the handlers of probes and of lifecycle hooks.
import type { ExecAction, GRPCAction, HTTPGetAction, LifecycleHandler, ProbeHandler } from '../../api/kinds/core-v1.ts'
import { sleep } from '../../lib/abort.ts'
import { checkGrpc } from './grpc.ts'
import { getHttp } from './http.ts'
import type { Outcome } from './outcome.ts'
import { connectTcp } from './tcp.ts'

/** What an action acts on. */
export interface Target {
  /** Runs a command in the container, for at most so long. Throws when it could not be run at all. */
  exec(command: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<Outcome>
  /** Where the pod is reached. */
  readonly podIp: string
  /** The container's ports that have a name. */
  readonly namedPorts: ReadonlyMap<string, number>
}

/**
 * Never throws: what goes wrong is an outcome that is not ok.
 * @param signal gives up at once
 */
export async function act(
  handler: ProbeHandler | LifecycleHandler,
  target: Target,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    const { exec, httpGet, tcpSocket } = handler
    if (exec) return await runCommand(exec, target, timeoutMs, signal)
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    if (httpGet) return await getHttp(httpTarget(httpGet, target), limit)
    if (tcpSocket) return await connectTcp(tcpSocket.host || target.podIp, portOf(tcpSocket.port, target), limit)
    if ('grpc' in handler) return await checkGrpc(grpcTarget(handler.grpc, target), limit)
    if ('sleep' in handler) {
      await sleep(handler.sleep.seconds * 1000, limit)
      return { ok: true, output: '' }
    }
    return { ok: false, output: 'no action is named: give one of exec, httpGet, tcpSocket, grpc' }
  } catch (error) {
    return { ok: false, output: error instanceof Error ? error.message : String(error) }
  }
}

async function runCommand(
  { command = [] }: ExecAction,
  target: Target,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    return await target.exec(command, timeoutMs, signal)
  } catch (error) {
    return { ok: false, unknown: true, output: error instanceof Error ? error.message : String(error) }
  }
}

function httpTarget({ path = '/', port, host, scheme = 'HTTP', httpHeaders }: HTTPGetAction, target: Target) {
  return {
    scheme,
    host: host || target.podIp,
    port: portOf(port, target),
    path: path.startsWith('/') ? path : `/${path}`,
    headers: httpHeaders ?? [],
  }
}

const grpcTarget = ({ port, service = '' }: GRPCAction, { podIp }: Target) => ({ host: podIp, port, service })

function portOf(port: number | string, { namedPorts }: Target): number {
  if (typeof port === 'number') return port
  const found = namedPorts.get(port) ?? Number(port)
  if (Number.isInteger(found) && found > 0 && found < 65_536) return found
  throw new Error(
    `couldn't find port: ${JSON.stringify(port)} is neither a number nor a name among the container's ports`,
  )
}
