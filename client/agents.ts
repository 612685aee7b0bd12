// The agent's side of the conversation: it dials, the server asks over the session, and the agent opens a stream back
// that carries the question's ticket. Nothing dials a node.
import {
  type AgentMessage,
  Agents,
  type ExecInput,
  type ExecReply,
  type LogsReply,
  type ServerMessage,
} from '../proto/gen/tessera.ts'
import { Channel } from './channel.ts'
import type { ClusterConfig } from './kubeconfig.ts'
import type { Duplex, Sink } from './streams.ts'

export interface AgentClient {
  /** The session of a node: hello is sent already; what arrives are the server's questions. */
  session(node: string, signal: AbortSignal): Duplex<AgentMessage, ServerMessage>
  /** Answers an openLogs question; the first message sent must carry its ticket. */
  serveLogs(signal?: AbortSignal): Sink<LogsReply>
  /** Answers an openExec question; the first message sent must carry its ticket. What arrives is the process's input. */
  serveExec(signal?: AbortSignal): Duplex<ExecReply, ExecInput>
  close(): void
}

export class GrpcAgentClient implements AgentClient {
  readonly #channel: Channel

  constructor(config: ClusterConfig) {
    this.#channel = new Channel(config, 'kubelet')
  }

  session(node: string, signal: AbortSignal): Duplex<AgentMessage, ServerMessage> {
    const stream = this.#channel.duplex(Agents.Session, signal)
    // A failure to send it shows to whoever reads the session.
    stream.send({ hello: { node } }).catch(() => {})
    return stream
  }

  serveLogs(signal?: AbortSignal): Sink<LogsReply> {
    return this.#channel.sink(Agents.ServeLogs, signal)
  }

  serveExec(signal?: AbortSignal): Duplex<ExecReply, ExecInput> {
    return this.#channel.duplex(Agents.ServeExec, signal)
  }

  close(): void {
    this.#channel.close()
  }
}
