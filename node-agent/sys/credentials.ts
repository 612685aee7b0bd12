// Users, groups and capabilities of the calling thread (which must be the process's only one).
import { capabilityNumber } from './capability-names.ts'
import { dropBoundingCapability } from './process.ts'
import { syscall, syscallOn } from './syscall.ts'

/** The set as a bit mask. */
export function capabilityMask(names: readonly string[]): bigint {
  return names.reduce((mask, name) => mask | (1n << BigInt(capabilityNumber(name))), 0n)
}

const VERSION_3 = 0x20080522

/** capget(2): what the caller may have in effect. */
export function permittedCapabilities(): bigint {
  const header = new Uint32Array([VERSION_3, 0])
  const data = new Uint32Array(6)
  syscall('capget', new Uint8Array(header.buffer), new Uint8Array(data.buffer))
  return BigInt(data[1] ?? 0) | (BigInt(data[4] ?? 0) << 32n)
}

/** capset(2). The caller can't gain what it hasn't: see `permittedCapabilities`. */
export function setCapabilitySets(sets: { effective: bigint; permitted: bigint; inheritable: bigint }): void {
  const header = new Uint32Array([VERSION_3, 0])
  const data = new Uint32Array(6)
  const values = [sets.effective, sets.permitted, sets.inheritable]
  values.forEach((value, index) => {
    data[index] = Number(value & 0xffffffffn)
    data[index + 3] = Number(value >> 32n)
  })
  syscall('capset', new Uint8Array(header.buffer), new Uint8Array(data.buffer))
}

/** Drops from the bounding set what is not named. `last` is the kernel's highest capability number. */
export function limitBoundingSet(names: readonly string[], last: number): void {
  const keep = capabilityMask(names)
  for (let capability = 0; capability <= last; capability++) {
    if ((keep & (1n << BigInt(capability))) === 0n) dropBoundingCapability(capability)
  }
}

export function setGroups(gids: readonly number[]): void {
  const list = new Uint32Array(gids)
  syscallOn('setgroups', gids.join(','), gids.length, new Uint8Array(list.buffer))
}

/** Real, effective and saved ids at once: group first, since a mere user may not change it. */
export function setIds(uid: number, gid: number): void {
  syscallOn('setresgid', `gid ${gid}`, gid, gid, gid)
  syscallOn('setresuid', `uid ${uid}`, uid, uid, uid)
}

const AT_EMPTY_PATH = 0x1000
const unchanged = 0xffffffff

/** Gives an open file to a user; its group stays. */
export function changeOwner(fd: number, uid: number): void {
  syscallOn('fchownat', `descriptor ${fd}`, fd, '', uid, unchanged, AT_EMPTY_PATH)
}
