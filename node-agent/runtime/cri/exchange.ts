// tessera.calls.v1.Calls: unary calls over one stream, whatever service they belong to.
import { status } from '@grpc/grpc-js'
import type { Begin, CallsDefinition } from '../../../proto/gen/calls.ts'
import type { Handlers, Service } from './service.ts'

/** Calls under way on one stream; while there are as many, no more are read. */
const mostUnderWay = 1000

export function exchangeHandlers(services: readonly Service[]): Handlers<CallsDefinition> {
  const methods = new Map(services.flatMap(service => service.methods).map(method => [method.path, method]))
  return {
    Exchange: async stream => {
      const underWay = new Set<Promise<void>>()
      const carryOut = async (id: number, { method: path = '', request }: Begin): Promise<void> => {
        const method = methods.get(path)
        const unknown = { failure: { code: status.UNIMPLEMENTED, message: `${path} is no method of this runtime` } }
        await stream.send({ id, ...((await method?.call(Buffer.from(request ?? []))) ?? unknown) })
      }
      try {
        for await (const { id = 0, begin } of stream.requests) {
          if (!begin) continue // Given up: as with a call by itself, what was begun is carried out.
          const call = carryOut(id, begin).finally(() => underWay.delete(call))
          underWay.add(call)
          while (underWay.size >= mostUnderWay) await Promise.race(underWay)
        }
      } catch (error) {
        if (!stream.signal.aborted) throw error
      }
      await Promise.all(underWay)
    },
  }
}
