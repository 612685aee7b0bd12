// Subresources that are streams: logs are answered, commands take the connection over.
import type { Duplex } from 'node:stream'
import type { Logger } from '../../../lib/logger.ts'
import type { ConnectName } from '../connects.ts'
import type { PodStreams } from '../sessions/pods.ts'
import { type Exchange, readContext } from './exchange.ts'
import { checkProtocol, serveExec } from './exec/exec.ts'
import { checkStreams, execStart } from './exec/upgrade.ts'
import { serveLogs } from './logs.ts'
import type { ResourcePath } from './path.ts'

/** The connection itself, once nothing but the new protocol will be spoken on it. */
export type TakeOver = () => { readonly socket: Duplex; readonly head: Buffer }

export interface RestStream {
  /** The verb its caller must be allowed. */
  readonly verb: string
  /** By an HTTP method that opens it; others are verbs like any. */
  readonly methods: readonly string[]
  /** @throws StatusError as long as nothing was sent */
  answer(exchange: Exchange, path: ResourcePath): Promise<void>
  /** Absent: the connection is not taken over. @throws StatusError as long as it was not */
  upgrade?(exchange: Exchange, path: ResourcePath, takeOver: TakeOver): Promise<void>
}

export function restStreams(pods: PodStreams, logger: Logger): Readonly<Record<ConnectName, RestStream>> {
  /**
   * What is wrong with the pod is said before the form of the connection is looked at: kubectl tries another form after
   * a refusal, and shows the last one.
   */
  async function prepareExec(exchange: Exchange, path: ResourcePath): Promise<void> {
    await pods.checkExec(execStart(exchange.query, path), callerOf(exchange))
    checkStreams(exchange.query)
    checkProtocol(exchange.request)
  }

  return {
    'core/pods/log': {
      verb: 'get',
      methods: ['GET'],
      answer: (exchange, path) => serveLogs(exchange, pods, path),
    },
    'core/pods/exec': {
      verb: 'create',
      methods: ['GET', 'POST'],
      answer: prepareExec,
      async upgrade(exchange, path, takeOver) {
        await prepareExec(exchange, path)
        const { request, query } = exchange
        const { socket, head } = takeOver()
        const open = () => pods.exec(execStart(query, path), callerOf(exchange))
        await serveExec({ request, socket, head, query }, open, logger)
      },
    },
  }
}

const callerOf = (exchange: Exchange) => ({ ...readContext(exchange), signal: exchange.signal })
