// setrlimit(2).
import { resourceNames } from './resource-names.ts'
import { syscallOn } from './syscall.ts'

function resourceNumber(name: string): number {
  const number = resourceNames.indexOf(name)
  if (number < 0) throw new Error(`unknown resource limit ${name}`)
  return number
}

const unlimited = 0xffffffffffffffffn
const encode = (value: number): bigint => (value < 0 || !Number.isFinite(value) ? unlimited : BigInt(value))

/** Limits of the calling process; negative or infinite is unlimited. */
export function setResourceLimit(name: string, soft: number, hard: number): void {
  const limits = new BigUint64Array([encode(soft), encode(hard)])
  syscallOn('prlimit64', name, 0, resourceNumber(name), new Uint8Array(limits.buffer), null)
}

/** The calling process's hard limit; Infinity when unlimited. */
export function hardLimit(name: string): number {
  const limits = new BigUint64Array(2)
  syscallOn('prlimit64', name, 0, resourceNumber(name), null, new Uint8Array(limits.buffer))
  return limits[1] === unlimited ? Infinity : Number(limits[1])
}
