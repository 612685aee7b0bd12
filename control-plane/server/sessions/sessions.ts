// The connected agents. Each keeps one session; what the server wants from a node it asks over that session with a
// random ticket, and the agent opens a stream of its own that carries the ticket. Nothing here knows gRPC.
import { randomBytes } from 'node:crypto'
import { StatusError } from '../../../api/errors.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { ExecStart, LogsRequest, ServerMessage } from '../../../proto/gen/tessera.ts'
import { type AgentExec, type AgentLogs, type ExecStream, execStream, type LogStream, logStream } from './streams.ts'

/** The server's end of an agent's session. */
export interface SessionLink {
  send(message: ServerMessage): void
  /** Ends the session; the agent is told why. */
  close(reason: Error): void
}

export interface SessionsOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Told when a node's agent connects, and when its session ends without another in its place. */
  readonly onChange?: (node: string, connected: boolean) => void
  /** Once it aborts, sessions end because of us, and nobody is told. */
  readonly signal: AbortSignal
  /** How long an agent may take to open the stream it was asked for; default 10,000. */
  readonly answerWithinMs?: number
}

interface Question {
  readonly node: string
  readonly what: string
  readonly reject: (error: unknown) => void
  readonly answer:
    | { readonly kind: 'logs'; resolve(stream: AgentLogs): void }
    | { readonly kind: 'exec'; resolve(stream: AgentExec): void }
}

export class Sessions {
  readonly #links = new Map<string, SessionLink>()
  /** By ticket: asked, and not yet answered. */
  readonly #questions = new Map<string, Question>()
  readonly #options: SessionsOptions

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  /** Nodes whose agents are connected. */
  get nodes(): string[] {
    return [...this.#links.keys()]
  }

  isConnected(node: string): boolean {
    return this.#links.has(node)
  }

  /**
   * Takes a node's session; an older one of the same node is closed. Answers what to call when the session ended.
   */
  attach(node: string, link: SessionLink): () => void {
    const older = this.#links.get(node)
    this.#links.set(node, link)
    if (older) {
      this.#rejectQuestions(node)
      older.close(
        StatusError.serviceUnavailable(
          `another agent opened a session for node ${JSON.stringify(node)}; this one ends`,
        ),
      )
    }
    this.#options.logger.info({ node, replaces: older !== undefined }, 'agent connected')
    if (!older) this.#options.onChange?.(node, true)
    return () => this.#detach(node, link)
  }

  #detach(node: string, link: SessionLink): void {
    if (this.#links.get(node) !== link) return // Another session has taken its place.
    this.#links.delete(node)
    this.#rejectQuestions(node)
    this.#options.logger.info({ node }, 'agent disconnected')
    if (!this.#options.signal.aborted) this.#options.onChange?.(node, false)
  }

  /** @throws StatusError when the node isn't connected, refuses, or doesn't answer in time */
  async openLogs(node: string, request: LogsRequest, signal: AbortSignal): Promise<LogStream> {
    const what = `the logs of pod ${request.namespace}/${request.pod}`
    const stream = await this.#ask<AgentLogs>(node, what, signal, (ticket, resolve) => ({
      message: { openLogs: { ticket, request } },
      answer: { kind: 'logs', resolve },
    }))
    return logStream(stream, signal)
  }

  /** @throws StatusError when the node isn't connected, refuses, or doesn't answer in time */
  async openExec(node: string, start: ExecStart, signal: AbortSignal): Promise<ExecStream> {
    const what = `a command in pod ${start.namespace}/${start.pod}`
    const stream = await this.#ask<AgentExec>(node, what, signal, (ticket, resolve) => ({
      message: { openExec: { ticket, start } },
      answer: { kind: 'exec', resolve },
    }))
    return execStream(stream, signal)
  }

  /** An agent opened a stream of logs. @throws StatusError when the ticket isn't its own, or nobody waits any more */
  acceptLogs(node: string, ticket: string, stream: AgentLogs): void {
    const { answer } = this.#take(node, ticket, 'logs')
    if (answer.kind === 'logs') answer.resolve(stream)
  }

  /** An agent opened a stream for a command. @throws StatusError when the ticket isn't its own, or nobody waits */
  acceptExec(node: string, ticket: string, stream: AgentExec): void {
    const { answer } = this.#take(node, ticket, 'exec')
    if (answer.kind === 'exec') answer.resolve(stream)
  }

  /** An agent can't do what the ticket asks. A ticket that nobody waits for any more is let go. */
  refuse(node: string, ticket: string, why: Error): void {
    const question = this.#questions.get(ticket)
    if (question?.node === node) question.reject(why)
  }

  #take(node: string, ticket: string, kind: Question['answer']['kind']): Question {
    const question = this.#questions.get(ticket)
    // One answer for unknown, foreign and mismatched tickets: they are secrets.
    if (question?.node !== node || question.answer.kind !== kind) {
      const why = 'this ticket is for another node, was used before, or nobody waits for it any more'
      throw StatusError.forbidden({ group: '', resource: 'nodes' }, node, why)
    }
    this.#questions.delete(ticket)
    return question
  }

  #ask<Stream>(
    node: string,
    what: string,
    signal: AbortSignal,
    build: (ticket: string, resolve: (stream: Stream) => void) => Pick<Question, 'answer'> & { message: ServerMessage },
  ): Promise<Stream> {
    signal.throwIfAborted()
    const link = this.#links.get(node)
    if (!link) {
      throw StatusError.serviceUnavailable(
        `node ${JSON.stringify(node)} is not connected, so ${what} cannot be reached: its agent is down or cannot reach this control plane; look at the agent's log on that node`,
      )
    }
    const ticket = randomBytes(24).toString('base64url')
    const withinMs = this.#options.answerWithinMs ?? 10_000
    const { promise, resolve, reject: fail } = deferred<Stream>()
    // A question that failed is no longer asked: a stream that comes for it now is turned away, not left open.
    const reject = (error: unknown): void => {
      this.#questions.delete(ticket)
      fail(error)
    }
    const { message, answer } = build(ticket, resolve)
    this.#questions.set(ticket, { node, what, reject, answer })
    const cancelTimer = this.#options.clock.after(withinMs, () =>
      reject(
        StatusError.timeout(
          `node ${JSON.stringify(node)} did not open ${what} within ${withinMs / 1000} s; try again, and look at the agent's log on that node`,
        ),
      ),
    )
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    link.send(message)
    return promise.finally(() => {
      cancelTimer()
      signal.removeEventListener('abort', onAbort)
    })
  }

  #rejectQuestions(node: string): void {
    for (const question of this.#questions.values()) {
      if (question.node !== node) continue
      question.reject(
        StatusError.serviceUnavailable(
          `node ${JSON.stringify(node)} lost its connection before it opened ${question.what}; try again`,
        ),
      )
    }
  }
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
