// Pseudo-terminals. The slave is opened from the master by TIOCGPTPEER, without any path that somebody could exchange.
import { O_CLOEXEC, O_NOCTTY, O_RDWR } from './fd.ts'
import { syscallOn } from './syscall.ts'

const TIOCSCTTY = 0x540e
const TIOCSWINSZ = 0x5414
const TIOCSPTLCK = 0x40045431
const TIOCGPTPEER = 0x5441

export const DEVPTS_SUPER_MAGIC = 0x1cd1

/** Unlocks the slave of a master and opens it. Close-on-exec. */
export function openSlave(masterFd: number): number {
  syscallOn('ioctl', 'TIOCSPTLCK', masterFd, TIOCSPTLCK, new Uint8Array(4))
  return syscallOn('ioctl', 'TIOCGPTPEER', masterFd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)
}

/** Makes the terminal the controlling one of the calling session leader. */
export function setControllingTerminal(fd: number): void {
  syscallOn('ioctl', 'TIOCSCTTY', fd, TIOCSCTTY, 0)
}

export function setWindowSize(fd: number, columns: number, rows: number): void {
  // struct winsize: rows, columns, and the size in pixels, which nobody uses
  const size = new Uint16Array([rows, columns, 0, 0])
  syscallOn('ioctl', 'TIOCSWINSZ', fd, TIOCSWINSZ, new Uint8Array(size.buffer))
}
