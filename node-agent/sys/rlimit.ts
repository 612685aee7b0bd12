// setrlimit(2).
import { syscallOn } from './syscall.ts'

const resources: Readonly<Record<string, number>> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
}

export function isResource(name: string): boolean {
  return name in resources
}

const unlimited = 0xffffffffffffffffn
const encode = (value: number): bigint => (value < 0 || !Number.isFinite(value) ? unlimited : BigInt(value))

/** Limits of the calling process; negative or infinite is unlimited. */
export function setResourceLimit(name: string, soft: number, hard: number): void {
  const resource = resources[name]
  if (resource === undefined) throw new Error(`unknown resource limit ${name}`)
  const limits = new BigUint64Array([encode(soft), encode(hard)])
  syscallOn('prlimit64', name, 0, resource, new Uint8Array(limits.buffer), null)
}

/** The calling process's hard limit; Infinity when unlimited. */
export function hardLimit(name: string): number {
  const limits = new BigUint64Array(2)
  syscallOn('prlimit64', name, 0, resources[name] ?? -1, null, new Uint8Array(limits.buffer))
  return limits[1] === unlimited ? Infinity : Number(limits[1])
}
