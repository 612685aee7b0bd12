// A container's log file: appended to by both of its streams, reopened when somebody has rotated it.
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs'
import path from 'node:path'

export class LogFile {
  readonly path: string
  #fd: number
  #sizeBytes: number
  #inode: number

  /** Opens the file, making it and the folders above it where missing. */
  constructor(file: string) {
    this.path = file
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 })
    this.#fd = openSync(file, 'a', 0o640)
    const { size, ino } = fstatSync(this.#fd)
    this.#sizeBytes = size
    this.#inode = ino
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Tells a file from the one that took its name after a rotation. */
  get inode(): number {
    return this.#inode
  }

  /** Appends all of it or, when the disk is full, nothing. Answers whether it was written. */
  append(bytes: Buffer): boolean {
    if (bytes.length === 0) return true
    let written = 0
    try {
      while (written < bytes.length) written += writeSync(this.#fd, bytes, written)
    } catch {
      if (written > 0) this.truncate(this.#sizeBytes)
      return false
    }
    this.#sizeBytes += written
    return true
  }

  /** Takes back what was appended after a size. */
  truncate(sizeBytes: number): void {
    ftruncateSync(this.#fd, sizeBytes)
    this.#sizeBytes = sizeBytes
  }

  /** Goes on in a new file under the same path, after the old one was moved away. */
  reopen(): void {
    const next = new LogFile(this.path)
    closeSync(this.#fd)
    this.#fd = next.#fd
    this.#sizeBytes = next.#sizeBytes
    this.#inode = next.#inode
  }

  close(): void {
    closeSync(this.#fd)
  }
}
