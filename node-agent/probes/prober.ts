// One probe, made once (or, where it goes wrong itself, up to three times), by the kubelet's rules (pkg/kubelet/prober).
import type { Container } from '../../api/kinds/core-v1/container.ts'
import type { Probe } from '../../api/kinds/core-v1/probes.ts'
import { expandCommand, probeExec, type RunCommand } from './exec.ts'
import { probeGrpc } from './grpc.ts'
import { getRequest } from './http/request.ts'
import { probeHttp } from './http.ts'
import { errored, type Outcome } from './outcome.ts'
import { containerPort } from './port.ts'
import { probeTcp } from './tcp.ts'

/** What a probe asks. */
export interface ProbeTarget {
  readonly run: RunCommand
  /** Where the pod is reached. */
  readonly podIp: string
  readonly container: Pick<Container, 'ports' | 'env'>
}

const mostAttempts = 3

/**
 * Never throws: what goes wrong is an outcome.
 * @param signal gives up at once
 */
export async function makeProbe(probe: Probe, target: ProbeTarget, signal: AbortSignal): Promise<Outcome> {
  for (let attempts = 1; ; attempts++) {
    const outcome = await attempt(probe, target, signal)
    if (!outcome.errored || attempts >= mostAttempts || signal.aborted) return outcome
  }
}

async function attempt(probe: Probe, { run, podIp, container }: ProbeTarget, signal: AbortSignal): Promise<Outcome> {
  const { exec, httpGet, tcpSocket, grpc, timeoutSeconds = 1 } = probe
  const timeoutMs = Math.max(1, timeoutSeconds) * 1000
  try {
    if (exec) return await probeExec(run, expandCommand(exec.command ?? [], container), timeoutMs, signal)
    if (httpGet) {
      const request = getRequest(httpGet, containerPort(httpGet.port, container), podIp, 'probe')
      return await probeHttp(request, timeoutMs, signal)
    }
    if (tcpSocket) {
      return await probeTcp(tcpSocket.host || podIp, containerPort(tcpSocket.port, container), timeoutMs, signal)
    }
    if (grpc) return await probeGrpc({ host: podIp, port: grpc.port, service: grpc.service ?? '' }, timeoutMs, signal)
    return errored('unknown', new Error('missing probe handler'))
  } catch (error) {
    return errored('unknown', error)
  }
}
