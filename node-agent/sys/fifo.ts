// Named pipes and other nodes of a file system.

import { ignoring } from './errno.ts'
import { AT_FDCWD } from './fd.ts'
import { syscall } from './syscall.ts'

const types = { fifo: 0o010000, char: 0o020000, block: 0o060000 } as const

/** The kernel's encoding of a device number for mknod(2) (new_encode_dev). */
export function deviceNumber(major: number, minor: number): number {
  return (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)
}

/** mknodat(2). The mode passes through the umask. */
export function makeNode(directoryFd: number, name: string, type: keyof typeof types, mode: number, device = 0): void {
  syscall('mknodat', directoryFd, name, types[type] | mode, device)
}

/** Makes a FIFO only root may open; one that exists already is kept. */
export function makeFifo(path: string): void {
  ignoring(['EEXIST'], () => makeNode(AT_FDCWD, path, 'fifo', 0o600))
}
