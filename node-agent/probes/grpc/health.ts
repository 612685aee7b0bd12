// The two messages of the gRPC health check, written out: a request of one string, an answer of one number.
// https://github.com/grpc/grpc/blob/master/doc/health-checking.md

/** HealthCheckResponse.ServingStatus. */
const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']

/** A HealthCheckRequest, framed: five bytes, then field 1, a string. */
export function healthRequest(service: string): Buffer {
  const name = Buffer.from(service)
  const message =
    name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name])
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(message.length, 1)
  return Buffer.concat([frame, message])
}

/** The status in a framed HealthCheckResponse, by its name: field 1, a number; absent it is 0. */
export function servingStatus(frame: Buffer): string {
  const message = frame.subarray(5)
  const status = message[0] === 0x08 ? (message[1] ?? 0) : 0
  return statuses[status] ?? String(status)
}

function varint(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest & 127) | 128)
  }
}
