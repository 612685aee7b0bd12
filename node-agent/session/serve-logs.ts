// Answers to OpenLogs: the log of one run of a container, to that run's end while it is followed.
import { StatusError } from '../../api/errors.ts'
import type { AgentClient } from '../../client/agents.ts'
import type { LogsRequest, OpenLogs } from '../../proto/gen/tessera.ts'
import type { FoundPod, PodDirectory } from '../pods/pod-directory.ts'
import { containerUrl } from '../pods/status/container-state.ts'
import { LogMissingError, type LogOptions, readLog } from './log-reader.ts'
import { containerName, logTarget } from './log-target.ts'

/** @throws StatusError before anything was sent; later failures travel in the stream */
export async function serveLogs(
  pods: PodDirectory,
  agents: AgentClient,
  { ticket = '', request }: OpenLogs,
  signal: AbortSignal,
): Promise<void> {
  const asked = request ?? {}
  const { pod, status } = found(pods, asked)
  const container = containerName(pod, asked.container ?? '')
  const containerId = logTarget(pod.metadata.name, status, container, asked.previous ?? false)
  const sink = agents.serveLogs(signal)
  try {
    await sink.send({ ticket })
    for await (const data of logText(pods, pod.metadata.uid, asked, containerId, signal)) await sink.send({ data })
  } catch (error) {
    if (signal.aborted) return
    await sink.send({ status: Buffer.from(JSON.stringify(StatusError.of(error).status)) })
  }
  await sink.finish()
}

function found(pods: PodDirectory, { namespace = '', pod = '' }: LogsRequest): FoundPod {
  const present = pods.find(namespace, pod)
  if (present === undefined) throw StatusError.notFound({ group: '', resource: 'pods' }, pod)
  return present
}

/** What keeps a log that should be there from being read is told in its place: so the kubelet does. */
async function* logText(
  pods: PodDirectory,
  uid: string,
  request: LogsRequest,
  containerId: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  const { namespace = '', pod: name = '' } = request
  const record = () =>
    pods.find(namespace, name)?.observed.containers.find(({ id }) => containerUrl(id) === containerId)
  const file = record()?.logPath
  if (!file) return yield Buffer.from(`unable to retrieve container logs for ${containerId}`)
  const ended = (): boolean => record()?.state !== 'running'
  const changed = (until: AbortSignal): Promise<void> => pods.changed(uid, until)
  let left = given(request, 'limitBytes') ?? Infinity
  try {
    for await (const data of readLog(file, logOptions(request), ended, changed, signal)) {
      yield data.subarray(0, left)
      left -= Math.min(left, data.length)
      if (left === 0) return
    }
  } catch (error) {
    if (!(error instanceof LogMissingError)) throw error
    yield Buffer.from(error.message)
  }
}

function logOptions(request: LogsRequest): LogOptions {
  const { previous = false, follow = false, timestamps = false } = request
  const sinceTime = given(request, 'sinceTime')
  const sinceSeconds = given(request, 'sinceSeconds')
  const sinceMs = sinceTime === undefined ? undefined : sinceTime * 1000
  return {
    follow: follow && !previous,
    timestamps,
    tailLines: given(request, 'tailLines'),
    sinceMs: sinceSeconds === undefined ? sinceMs : Date.now() - sinceSeconds * 1000,
  }
}

/** Absent optional numbers are not own properties of a decoded message. */
function given(
  request: LogsRequest,
  key: 'tailLines' | 'sinceSeconds' | 'sinceTime' | 'limitBytes',
): number | undefined {
  return Object.hasOwn(request, key) ? request[key] : undefined
}
