// Something that lies in a layer, held by a descriptor (O_PATH) so that it cannot be exchanged between looking and using.
import { type BigIntStats, fstatSync } from 'node:fs'
import { closeFd } from '../../sys/fd.ts'
import { openAnythingIn, readLinkOf } from '../../sys/tree.ts'

export class FoundFile implements Disposable {
  readonly fd: number
  readonly status: BigIntStats

  private constructor(fd: number) {
    this.fd = fd
    this.status = fstatSync(fd, { bigint: true })
  }

  /** @param path below the directory that the descriptor refers to, a byte string without links; "" is that directory */
  static in(rootFd: number, path: string): FoundFile | undefined {
    const fd = openAnythingIn(rootFd, Buffer.from(path === '' ? '.' : path, 'latin1'))
    return fd === undefined ? undefined : new FoundFile(fd)
  }

  /** Overlayfs's mark for a name that is gone: a character device 0:0. */
  get isWhiteout(): boolean {
    return this.status.isCharacterDevice() && this.status.rdev === 0n
  }

  /** What a symbolic link says, a byte string. */
  linkText(): string {
    return readLinkOf(this.fd).toString('latin1')
  }

  [Symbol.dispose](): void {
    closeFd(this.fd)
  }
}
