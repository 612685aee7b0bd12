// The block of addresses Services get theirs from (IPv4).
import { isIPv4 } from '../../../api/values/ip.ts'
import type { NumberRange } from './number-pool.ts'

export interface AddressBlock {
  /** As `10.96.0.0/16`. */
  readonly cidr: string
  contains(address: string): boolean
  /** The address at an offset in the block. */
  address(offset: number): string
  /** Offsets to allocate from. The upper part first: the lower one is for addresses people choose (KEP-3070). */
  readonly ranges: readonly NumberRange[]
}

/** @throws RangeError that says what a block must look like */
export function addressBlock(cidr: string): AddressBlock {
  const [text = '', length = ''] = cidr.split('/')
  const bits = Number(length)
  if (!isIPv4(text) || !/^\d+$/.test(length) || bits < 8 || bits > 28) {
    throw new RangeError(`service CIDR ${cidr}: must be an IPv4 block of 8 to 28 bits, as 10.96.0.0/16`)
  }
  const size = 2 ** (32 - bits)
  const base = Math.floor(numberOf(text) / size) * size
  const reserved = Math.min(Math.max(16, size / 16), 256)
  const upper = { from: Math.min(reserved, size - 2), to: size - 2 }
  return {
    cidr,
    contains: address => isIPv4(address) && numberOf(address) > base && numberOf(address) < base + size - 1,
    address: offset => textOf(base + offset),
    ranges: upper.from > 1 ? [upper, { from: 1, to: upper.from - 1 }] : [upper],
  }
}

const numberOf = (address: string): number => address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)

const textOf = (number: number): string => [24, 16, 8, 0].map(shift => Math.floor(number / 2 ** shift) % 256).join('.')
