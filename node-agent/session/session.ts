// The agent's line to the control plane: it dials, keeps the line, and answers what is asked over it.
import { StatusError } from '../../api/errors.ts'
import type { AgentClient } from '../../client/agents.ts'
import type { RuntimeClient } from '../../client/runtime.ts'
import type { Duplex } from '../../client/streams.ts'
import { sleep } from '../../lib/abort.ts'
import { backoffMs } from '../../lib/backoff.ts'
import type { Logger } from '../../lib/logger.ts'
import type { AgentMessage, ServerMessage } from '../../proto/gen/tessera.ts'
import type { PodDirectory } from '../pods/pod-directory.ts'
import { serveExec } from './serve-exec.ts'
import { serveLogs } from './serve-logs.ts'

export interface SessionOptions {
  readonly agents: AgentClient
  readonly node: string
  readonly pods: PodDirectory
  readonly runtime: Pick<RuntimeClient, 'exec'>
  readonly log: Logger
}

/** A line that held this long was a good one: the next attempt follows at once. */
const goodAfterMs = 10_000
const retry = { initialMs: 100, maxMs: 5_000, jitter: 0.5 }

/** Keeps a session until the signal aborts. */
export async function keepSession(options: SessionOptions, signal: AbortSignal): Promise<void> {
  const stopped = (): boolean => signal.aborted
  for (let failures = 0; !stopped(); ) {
    const startedAtMs = performance.now()
    try {
      const session = options.agents.session(options.node, signal)
      for await (const question of session) void answer(options, session, question, signal)
    } catch (error) {
      if (stopped()) return
      const say = failures === 0 ? options.log.warn : options.log.debug
      say.call(options.log, { err: error }, 'the session with the control plane broke; dialling again')
    }
    failures = performance.now() - startedAtMs > goodAfterMs ? 0 : failures + 1
    await sleep(backoffMs(failures, retry), signal)
  }
}

/** Each question by itself: one that takes long holds up no other. */
async function answer(
  { agents, pods, runtime, log }: SessionOptions,
  session: Duplex<AgentMessage, ServerMessage>,
  { openLogs, openExec }: ServerMessage,
  signal: AbortSignal,
): Promise<void> {
  const ticket = openLogs?.ticket ?? openExec?.ticket ?? ''
  try {
    if (openLogs) await serveLogs(pods, agents, openLogs, signal)
    else if (openExec) await serveExec(pods, agents, runtime, openExec, signal)
  } catch (error) {
    if (signal.aborted) return
    log.debug({ err: error, ticket }, 'a question was not answered')
    const status = Buffer.from(JSON.stringify(StatusError.of(error).status))
    await session.send({ refused: { ticket, status } }).catch(() => {})
  }
}
