// IP addresses and blocks, as far as validating fields needs them. After apimachinery v0.36 (pkg/util/validation/ip.go).

/** An address as it was read: how many bits it has, and which. */
interface Address {
  readonly bits: 32 | 128
  readonly value: bigint
  /** An octet has zeros before it, which some programs take for octal. */
  readonly leadingZeros: boolean
}

const octet = /^(?:0*)(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/

function parseIPv4(text: string): Address | undefined {
  const octets = text.split('.')
  if (octets.length !== 4) return undefined
  let value = 0n
  for (const part of octets) {
    const match = octet.exec(part)
    if (match === null) return undefined
    value = (value << 8n) | BigInt(match[1] ?? 0)
  }
  return { bits: 32, value, leadingZeros: octets.some(part => part.length > 1 && part.startsWith('0')) }
}

function parseIPv6(text: string): Address | undefined {
  let groups = text
  let leadingZeros = false
  if (!text.includes(':')) return undefined
  // The last 32 bits may be written as an IPv4 address.
  const tail = text.slice(text.lastIndexOf(':') + 1)
  if (tail.includes('.')) {
    const embedded = parseIPv4(tail)
    if (embedded === undefined) return undefined
    leadingZeros = embedded.leadingZeros
    const [high, low] = [embedded.value >> 16n, embedded.value & 0xffffn]
    groups = `${text.slice(0, -tail.length)}${high.toString(16)}:${low.toString(16)}`
  }
  const halves = groups.split('::')
  if (halves.length > 2) return undefined
  const parts = halves.map(half => (half === '' ? [] : half.split(':')))
  const count = parts.reduce((sum, half) => sum + half.length, 0)
  if (halves.length === 2 ? count > 7 : count !== 8) return undefined
  if (!parts.flat().every(part => /^[0-9a-fA-F]{1,4}$/.test(part))) return undefined
  const [head = [], rest = []] = parts
  const full = [...head, ...Array.from({ length: 8 - count }, () => '0'), ...rest]
  return { bits: 128, value: full.reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n), leadingZeros }
}

const parseAddress = (text: string): Address | undefined => parseIPv4(text) ?? parseIPv6(text)

const isMapped = ({ bits, value }: Address): boolean => bits === 128 && value >> 32n === 0xffffn

/** Whether it is one that any program reads the same. */
export function isIPv4(text: string): boolean {
  return parseIPv4(text)?.leadingZeros === false
}

/** An address of either family: what fields take that have long been there. */
export function ipErrors(text: string): string[] {
  const address = parseAddress(text)
  if (address === undefined) return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']
  if (address.leadingZeros) return ['must not have leading 0s']
  return isMapped(address) ? ['must not be an IPv4-mapped IPv6 address'] : []
}

/** As `ipErrors`, and in the one form that addresses have which are compared as text. */
export function canonicalIpErrors(text: string): string[] {
  const errors = ipErrors(text)
  const address = parseAddress(text)
  if (errors.length > 0 || address === undefined) return errors
  const canonical = format(address)
  return canonical === text ? [] : [`must be in canonical form ("${canonical}")`]
}

/** A block of addresses of either family: what fields take that have long been there. */
export function cidrErrors(text: string): string[] {
  const block = parseBlock(text)
  if (block === undefined) return ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']
  const { address, length, leadingZeros } = block
  if (leadingZeros || address.leadingZeros) return ['must not have leading 0s in IP or prefix length']
  if (isMapped(address)) return ['must not have an IPv4-mapped IPv6 address']
  const beyond = (1n << BigInt(address.bits - length)) - 1n
  return (address.value & beyond) === 0n ? [] : ['must not have bits set beyond the prefix length']
}

/** As `cidrErrors`, and in canonical form. */
export function canonicalCidrErrors(text: string): string[] {
  const errors = cidrErrors(text)
  const block = parseBlock(text)
  if (errors.length > 0 || block === undefined) return errors
  const canonical = `${format(block.address)}/${block.length}`
  return canonical === text ? [] : [`must be in canonical form ("${canonical}")`]
}

interface Block {
  readonly address: Address
  readonly length: number
  readonly leadingZeros: boolean
}

function parseBlock(text: string): Block | undefined {
  const [ip = '', digits = '', ...rest] = text.split('/')
  const address = parseAddress(ip)
  if (address === undefined || rest.length > 0 || !/^\d+$/.test(digits)) return undefined
  const length = Number(digits)
  if (length > address.bits) return undefined
  return { address, length, leadingZeros: digits.length > 1 && digits.startsWith('0') }
}

/** RFC 5952: lower case, no leading zeros, the first longest run of zero groups left out. */
function format({ bits, value }: Address): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map(shift => (value >> shift) & 0xffn).join('.')
  const groups = Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(112 - index * 16)) & 0xffffn))
  let [start, run] = [0, 0]
  for (let at = 0; at < 8; at++) {
    let length = 0
    while (at + length < 8 && groups[at + length] === 0) length++
    if (length > run) [start, run] = [at, length]
  }
  const text = (part: readonly number[]): string => part.map(group => group.toString(16)).join(':')
  if (run < 2) return text(groups)
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + run))}`
}
