// netlink(7): requests to the kernel and their answers, synchronously. A socket belongs to the network namespace it was
// opened in, wherever its process goes later.
import { SyscallError } from './errno.ts'
import { closeFd, O_CLOEXEC } from './fd.ts'
import { syscallOn } from './syscall.ts'

const AF_NETLINK = 16
const SOCK_RAW = 3
const NETLINK_ROUTE = 0
const SOL_NETLINK = 270
const NETLINK_CAP_ACK = 10
const NETLINK_EXT_ACK = 11

const NLMSG_ERROR = 2
const NLM_F_REQUEST = 1
const NLM_F_ACK = 4
export const NLM_F_EXCL = 0x200
export const NLM_F_CREATE = 0x400
const NLM_F_ACK_TLVS = 0x200

const NLA_F_NESTED = 0x8000
const headerBytes = 16

const align = (length: number): number => (length + 3) & ~3

/** An attribute: a type and its bytes, a NUL-terminated string, a u32, or attributes inside. */
export type Attribute = readonly [type: number, value: Uint8Array | string | number | readonly Attribute[]]

export function encodeAttributes(attributes: readonly Attribute[]): Buffer {
  return Buffer.concat(attributes.map(encodeAttribute))
}

function encodeAttribute([type, value]: Attribute): Buffer {
  const nested = Array.isArray(value)
  const body = encodeValue(value)
  const bytes = Buffer.alloc(align(4 + body.length))
  bytes.writeUInt16LE(4 + body.length, 0)
  bytes.writeUInt16LE(nested ? type | NLA_F_NESTED : type, 2)
  bytes.set(body, 4)
  return bytes
}

function encodeValue(value: Attribute[1]): Uint8Array {
  if (typeof value === 'string') return Buffer.from(`${value}\0`)
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value)
    return bytes
  }
  return value instanceof Uint8Array ? value : encodeAttributes(value)
}

/** The bytes of each attribute by type. */
export function decodeAttributes(bytes: Buffer): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>()
  for (let offset = 0; offset + 4 <= bytes.length; ) {
    const length = bytes.readUInt16LE(offset)
    if (length < 4) break
    attributes.set(bytes.readUInt16LE(offset + 2) & 0x3fff, bytes.subarray(offset + 4, offset + length))
    offset += align(length)
  }
  return attributes
}

/** Text up to its NUL. */
export function decodeString(bytes: Buffer | undefined): string {
  if (bytes === undefined) return ''
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end)
}

export interface NetlinkRequest {
  readonly type: number
  readonly flags?: number
  /** The family's fixed header. */
  readonly header: Uint8Array
  readonly attributes?: readonly Attribute[]
  /** What it is about, for errors: `link eth0`. */
  readonly subject: string
}

export class NetlinkSocket implements Disposable {
  readonly #fd: number
  readonly #buffer = Buffer.alloc(65536)
  #sequence = 0

  constructor() {
    this.#fd = syscallOn('socket', 'netlink', AF_NETLINK, SOCK_RAW | O_CLOEXEC, NETLINK_ROUTE)
    const on = new Uint8Array([1, 0, 0, 0])
    for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK]) {
      syscallOn('setsockopt', 'netlink', this.#fd, SOL_NETLINK, option, on, on.length)
    }
  }

  close(): void {
    closeFd(this.#fd)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Payloads (after the netlink header) of the answers. Throws SyscallError with the kernel's own explanation. */
  request(request: NetlinkRequest): Buffer[] {
    const sequence = ++this.#sequence
    const flags = request.flags ?? 0
    const body = Buffer.concat([request.header, encodeAttributes(request.attributes ?? [])])
    const message = Buffer.alloc(headerBytes + body.length)
    message.writeUInt32LE(message.length, 0)
    message.writeUInt16LE(request.type, 4)
    message.writeUInt16LE(NLM_F_REQUEST | NLM_F_ACK | flags, 6)
    message.writeUInt32LE(sequence, 8)
    message.set(body, headerBytes)
    syscallOn('sendto', request.subject, this.#fd, message, message.length, 0, null, 0)
    return this.#answers(sequence, request.subject)
  }

  #answers(sequence: number, subject: string): Buffer[] {
    const answers: Buffer[] = []
    for (;;) {
      const length = syscallOn('recvfrom', subject, this.#fd, this.#buffer, this.#buffer.length, 0, null, null)
      for (let offset = 0; offset + headerBytes <= length; ) {
        const size = this.#buffer.readUInt32LE(offset)
        const type = this.#buffer.readUInt16LE(offset + 4)
        const flags = this.#buffer.readUInt16LE(offset + 6)
        const ours = this.#buffer.readUInt32LE(offset + 8) === sequence
        const payload = Buffer.from(this.#buffer.subarray(offset + headerBytes, offset + size))
        offset += align(size)
        if (!ours) continue
        if (type !== NLMSG_ERROR) answers.push(payload)
        else {
          throwError(payload, flags, subject)
          return answers
        }
      }
    }
  }
}

/** struct nlmsgerr: error, the request's header, then attributes of which the first is the kernel's message. */
function throwError(payload: Buffer, flags: number, subject: string): void {
  const error = payload.readInt32LE(0)
  if (error === 0) return
  const details = (flags & NLM_F_ACK_TLVS) === 0 ? undefined : decodeAttributes(payload.subarray(4 + headerBytes))
  const text = decodeString(details?.get(1))
  throw new SyscallError('netlink', -error, text === '' ? subject : `${subject} (${text})`)
}
