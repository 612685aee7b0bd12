// tessera.calls.v1.Calls: unary calls over one stream, whatever service they belong to.
import { status } from '@grpc/grpc-js'
import type { Begin, CallsDefinition } from '../../../proto/gen/calls.ts'
import type { Handlers, Service } from './service.ts'

/** Calls under way on one stream; while there are as many, no more are read. */
const mostUnderWay = 1000

interface UnderWay {
  readonly done: Promise<void>
  readonly controller: AbortController
}

export function exchangeHandlers(services: readonly Service[]): Handlers<CallsDefinition> {
  const methods = new Map(services.flatMap(service => service.methods).map(method => [method.path, method]))
  return {
    Exchange: async stream => {
      const underWay = new Map<number, UnderWay>()
      const giveUpAll = (): void => {
        for (const { controller } of underWay.values()) controller.abort()
      }
      const carryOut = async (id: number, { method: path = '', request }: Begin, signal: AbortSignal) => {
        const unknown = { failure: { code: status.UNIMPLEMENTED, message: `${path} is no method of this runtime` } }
        const answer = (await methods.get(path)?.call(Buffer.from(request ?? []), signal)) ?? unknown
        if (!signal.aborted) await stream.send({ id, ...answer })
      }
      stream.signal.addEventListener('abort', giveUpAll)
      try {
        for await (const { id = 0, begin } of stream.requests) {
          // Given up: whoever carries it out is told, and may carry on, as with a call by itself.
          if (!begin) underWay.get(id)?.controller.abort()
          else {
            const controller = new AbortController()
            const done = carryOut(id, begin, controller.signal).finally(() => underWay.delete(id))
            underWay.set(id, { controller, done })
          }
          while (underWay.size >= mostUnderWay) await Promise.race([...underWay.values()].map(({ done }) => done))
        }
      } catch (error) {
        if (!stream.signal.aborted) throw error
      }
      await Promise.all([...underWay.values()].map(({ done }) => done))
    },
  }
}
