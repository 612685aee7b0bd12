// `pods/NAME/exec`: in which protocol a client wants to speak to a command, and that protocol's server.
import type { IncomingMessage } from 'node:http'
import { StatusError } from '../../../../api/errors.ts'
import type { Logger } from '../../../../lib/logger.ts'
import type { ExecStream } from '../../sessions/streams.ts'
import { checkSpdy, isSpdy, serveSpdy } from './spdy.ts'
import type { Upgrade } from './upgrade.ts'
import { checkWebSocket, isWebSocket, serveWebSocket } from './web-socket.ts'

/** Before the command is started: can this client be spoken to? @throws StatusError BadRequest */
export function checkProtocol(request: IncomingMessage): void {
  if (isWebSocket(request)) checkWebSocket(request)
  else if (isSpdy(request)) checkSpdy(request)
  else throw StatusError.badRequest('unable to upgrade: exec is spoken over WebSocket or SPDY/3.1 (Upgrade: websocket)')
}

/** Takes the connection over and runs until the command ends or the client leaves. */
export function serveExec(upgrade: Upgrade, open: () => Promise<ExecStream>, logger: Logger): Promise<void> {
  return isSpdy(upgrade.request) ? serveSpdy(upgrade, open, logger) : serveWebSocket(upgrade, open, logger)
}
