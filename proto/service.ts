// From a protobuf descriptor to the method definitions that gRPC clients and servers take.
import protobuf from 'protobufjs'

/**
 * One RPC as @grpc/grpc-js wants it, with its message types. 64-bit integers are plain numbers:
 * above 2^53 (nanosecond clocks) they lose their last digits.
 */
export interface Method<Request, Response, RequestStream extends boolean, ResponseStream extends boolean> {
  readonly path: string
  readonly requestStream: RequestStream
  readonly responseStream: ResponseStream
  readonly requestSerialize: (value: Request) => Buffer
  readonly requestDeserialize: (bytes: Buffer) => Request
  readonly responseSerialize: (value: Response) => Buffer
  readonly responseDeserialize: (bytes: Buffer) => Response
}

// Without Long, protobufjs reads 64-bit fields as numbers.
const util: { Long?: unknown } = protobuf.util
util.Long = undefined
protobuf.configure()

/** @param descriptor the JSON form of a protobufjs Root */
export function codec(descriptor: object) {
  const root = protobuf.Root.fromJSON(descriptor)
  forgetDefaults(root.resolveAll())

  function serializer<T extends object>(name: string) {
    let type: protobuf.Type | undefined
    return (value: T): Buffer => {
      type ??= root.lookupType(name)
      const bytes = type.encode(value).finish()
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
  }

  function deserializer<T>(name: string) {
    let type: protobuf.Type | undefined
    return (bytes: Buffer): T => {
      type ??= root.lookupType(name)
      // A decoded message inherits its defaults from its prototype: absent strings read as '', absent
      // lists as [], absent messages as null; absent members of a oneof and `optional` fields as undefined.
      return type.decode(bytes) as T
    }
  }

  function method<
    Request extends object,
    Response extends object,
    RequestStream extends boolean,
    ResponseStream extends boolean,
  >(
    path: string,
    request: string,
    response: string,
    requestStream: RequestStream,
    responseStream: ResponseStream,
  ): Method<Request, Response, RequestStream, ResponseStream> {
    return {
      path,
      requestStream,
      responseStream,
      requestSerialize: serializer<Request>(request),
      requestDeserialize: deserializer<Request>(request),
      responseSerialize: serializer<Response>(response),
      responseDeserialize: deserializer<Response>(response),
    }
  }

  return { method }
}

/** What was not sent must not read as zero where absence has a meaning: in a oneof, and in `optional` fields. */
function forgetDefaults(namespace: protobuf.NamespaceBase): void {
  for (const object of namespace.nestedArray) {
    if (object instanceof protobuf.Type) {
      for (const field of object.fieldsArray) {
        if (field.partOf) Object.defineProperty(object.ctor.prototype, field.name, { value: undefined, writable: true })
      }
    }
    if (object instanceof protobuf.Namespace) forgetDefaults(object)
  }
}
