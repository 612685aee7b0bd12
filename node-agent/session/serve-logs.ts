// Answers to OpenLogs: the log of a container, over restarts while it is followed.
import { StatusError } from '../../api/errors.ts'
import type { AgentClient } from '../../client/agents.ts'
import type { LogsRequest, OpenLogs } from '../../proto/gen/tessera.ts'
import type { FoundPod, PodDirectory } from '../pods/pod-directory.ts'
import { type LogOptions, readLog } from './log-reader.ts'
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
  const { containerId } = logTarget(pod, status, container, asked.previous ?? false)
  const sink = agents.serveLogs(signal)
  try {
    await sink.send({ ticket })
    for await (const data of logText(pods, pod.metadata.uid, asked, container, containerId, signal)) {
      await sink.send({ data })
    }
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

async function* logText(
  pods: PodDirectory,
  uid: string,
  request: LogsRequest,
  container: string,
  firstId: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  const { namespace = '', pod: name = '', previous = false, follow = false, timestamps = false } = request
  const { tailLines, sinceSeconds, limitBytes } = given(request)
  const sinceMs = sinceSeconds === undefined ? undefined : Date.now() - sinceSeconds * 1000
  let left = limitBytes ?? Infinity
  let options: LogOptions = { follow: follow && !previous, timestamps, tailLines, sinceMs }
  let id: string | undefined = firstId
  while (id !== undefined) {
    const current: string = id
    const record = () => pods.find(namespace, name)?.observed.containers.find(known => known.id === current)
    const file = record()?.logPath
    if (!file) return
    const ended = (): boolean => record()?.state !== 'running'
    const changed = (until: AbortSignal): Promise<void> => pods.changed(uid, until)
    for await (const data of readLog(file, options, ended, changed, signal)) {
      yield data.subarray(0, left)
      left -= Math.min(left, data.length)
      if (left === 0) return
    }
    if (!options.follow || signal.aborted) return
    // All of what the next container says is new.
    options = { ...options, tailLines: undefined, sinceMs: undefined }
    id = await successor(pods, namespace, name, uid, container, current, signal)
  }
}

/** The container that takes the place of one that ended; undefined when none will. */
async function successor(
  pods: PodDirectory,
  namespace: string,
  podName: string,
  uid: string,
  container: string,
  ended: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  while (!signal.aborted) {
    const present = pods.find(namespace, podName)
    if (present?.pod.metadata.uid !== uid) return undefined
    const newest = present.observed.containers.find(({ name, state }) => name === container && state !== 'created')
    if (newest && newest.id !== ended) return newest.id
    if (!present.restarts(container)) return undefined
    await pods.changed(uid, signal)
  }
  return undefined
}

/** Absent optional numbers are not own properties of a decoded message. */
function given(request: LogsRequest) {
  const own = (key: 'tailLines' | 'sinceSeconds' | 'limitBytes'): number | undefined =>
    Object.hasOwn(request, key) ? request[key] : undefined
  return { tailLines: own('tailLines'), sinceSeconds: own('sinceSeconds'), limitBytes: own('limitBytes') }
}
