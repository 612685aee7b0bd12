// IPv4 networks as numbers. Pure.

export interface Network {
  readonly cidr: string
  /** The network's own address. */
  readonly base: number
  readonly prefixLength: number
  /** How many addresses it spans, the network's own and the broadcast address included. */
  readonly size: number
}

/** Thrown for text that is no network a node can use. */
class InvalidCidrError extends Error {
  constructor(text: string, why: string) {
    super(`pod CIDR ${JSON.stringify(text)}: ${why}`)
    this.name = 'InvalidCidrError'
  }
}

const minPrefixLength = 8
/** The smallest network with room for a gateway, a pod and the two addresses that are nobody's. */
const maxPrefixLength = 30

/** `10.0.0.1` as a number; undefined for what is no IPv4 address. */
export function parseAddress(text: string): number | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined
  const octets = text.split('.').map(Number)
  return octets.some(octet => octet > 255) ? undefined : octets.reduce((sum, octet) => sum * 256 + octet, 0)
}

/** Parses `10.244.1.0/24`; bits of the host part are dropped. Throws InvalidCidrError. */
export function parseNetwork(text: string): Network {
  if (text.includes(':')) throw new InvalidCidrError(text, 'IPv6 pod networks are not supported')
  const [addressText = '', lengthText = ''] = text.split('/', 2)
  const address = parseAddress(addressText)
  if (address === undefined || !/^\d{1,2}$/.test(lengthText)) {
    throw new InvalidCidrError(text, 'expected an IPv4 network like 10.244.1.0/24')
  }
  const prefixLength = Number(lengthText)
  if (prefixLength < minPrefixLength || prefixLength > maxPrefixLength) {
    throw new InvalidCidrError(text, `the prefix must be between /${minPrefixLength} and /${maxPrefixLength}`)
  }
  const size = 2 ** (32 - prefixLength)
  const base = address - (address % size)
  return { cidr: `${formatAddress(base)}/${prefixLength}`, base, prefixLength, size }
}

function octetsOf(address: number): number[] {
  return [24, 16, 8, 0].map(shift => Math.floor(address / 2 ** shift) % 256)
}

export function formatAddress(address: number): string {
  return octetsOf(address).join('.')
}

/** In network byte order. */
export function addressBytes(address: number): Uint8Array {
  return Uint8Array.from(octetsOf(address))
}

/** The first usable address: the bridge's, the pods' gateway. */
export function gatewayOf(network: Network): number {
  return network.base + 1
}

/** A locally administered MAC address that follows from the IP address, so that neighbours' caches never go stale. */
export function macOf(address: number): Uint8Array {
  return Uint8Array.from([0x0a, 0x58, ...octetsOf(address)])
}
