// The unix socket everything of this runtime is asked over.
import { chmodSync, rmSync } from 'node:fs'
import net from 'node:net'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import type { Logger } from '../../../lib/logger.ts'
import { Calls } from '../../../proto/gen/calls.ts'
import { ImageService, RuntimeService } from '../../../proto/gen/cri.ts'
import { Images, Streaming } from '../../../proto/gen/runtime.ts'
import { RuntimeError } from '../errors.ts'
import type { Importer } from '../images/importer.ts'
import type { Runtime } from '../lifecycle/runtime.ts'
import { exchangeHandlers } from './exchange.ts'
import { execHandlers } from './exec-service.ts'
import { imageHandlers, importHandlers } from './image-service.ts'
import { runtimeHandlers, type ServiceOptions } from './runtime-service.ts'
import { service } from './service.ts'

export interface ServeOptions extends ServiceOptions {
  /** Path of the socket; only root may connect. */
  readonly socket: string
}

/** How long calls under way may take when the runtime stops. */
const drainMs = 2_000

/** @throws RuntimeError when another runtime listens on the socket */
export async function refuseSecond(socket: string): Promise<void> {
  if (!(await answers(socket))) return
  throw new RuntimeError('exists', `another runtime listens on ${socket} already: stop it, or choose another --socket`)
}

/** Listens, in place of a runtime that was there before; answers how to stop. */
export async function serve(
  runtime: Runtime,
  importer: Importer,
  options: ServeOptions,
  logger: Logger,
): Promise<() => Promise<void>> {
  const { socket } = options
  if (await answers(socket)) {
    throw new RuntimeError(
      'exists',
      `another runtime listens on ${socket} already: stop it, or choose another --socket`,
    )
  }
  rmSync(socket, { force: true })
  const server = new Server({
    'grpc.max_receive_message_length': 64 * 1024 * 1024,
    'grpc.max_send_message_length': -1,
  })
  const services = [
    service(RuntimeService, runtimeHandlers(runtime, options), logger),
    service(ImageService, imageHandlers(runtime), logger),
    service(Images, importHandlers(importer), logger),
    service(Streaming, execHandlers(runtime), logger),
  ]
  const calls = service(Calls, exchangeHandlers(services), logger)
  for (const { definition, implementation } of [...services, calls]) server.addService(definition, implementation)
  const umask = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), error => {
        if (error) reject(error)
        else resolve()
      })
    })
  } finally {
    process.umask(umask)
  }
  chmodSync(socket, 0o600)
  return () => close(server, socket)
}

async function close(server: Server, socket: string): Promise<void> {
  await new Promise<void>(resolve => {
    const timer = setTimeout(() => {
      server.forceShutdown()
      resolve()
    }, drainMs)
    server.tryShutdown(() => {
      clearTimeout(timer)
      resolve()
    })
  })
  rmSync(socket, { force: true })
}

function answers(socket: string): Promise<boolean> {
  return new Promise(resolve => {
    const connection = net.connect(socket)
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
    connection.once('error', () => resolve(false))
  })
}
