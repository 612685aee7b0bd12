// Archives as the kernel takes them for an initramfs: "newc" of cpio(5), Documentation/driver-api/early-userspace.
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, writeSync } from 'node:fs'
import path from 'node:path'

const S_IFDIR = 0o040000
const S_IFREG = 0o100000
const S_IFLNK = 0o120000
const S_IFCHR = 0o020000

/** Writes an archive, an entry at a time; folders above an entry are made by themselves, and no name is taken twice. */
export class CpioWriter {
  #fd
  #bytes = 0
  /** @type {Set<string>} */
  #names = new Set()

  /** @param {string} file */
  constructor(file) {
    this.#fd = openSync(file, 'w')
  }

  /** @param {string} name @param {string | Buffer} content @param {number} [mode] */
  file(name, content, mode = 0o644) {
    this.#entry(name, S_IFREG | mode, Buffer.from(content))
  }

  /** @param {string} name @param {number} [mode] */
  folder(name, mode = 0o755) {
    this.#entry(name, S_IFDIR | mode)
  }

  /** @param {string} name @param {string} target */
  link(name, target) {
    this.#entry(name, S_IFLNK | 0o777, Buffer.from(target))
  }

  /** @param {string} name @param {number} major @param {number} minor */
  device(name, major, minor) {
    this.#entry(name, S_IFCHR | 0o600, Buffer.alloc(0), major, minor)
  }

  /**
   * A file, link or folder of this machine with all below it, under a name.
   * @param {string} name
   * @param {string} source
   */
  copy(name, source) {
    const stat = lstatSync(source)
    if (stat.isSymbolicLink()) this.link(name, readlinkSync(source))
    else if (stat.isFile()) this.file(name, readFileSync(source), stat.mode & 0o777)
    else if (stat.isDirectory()) {
      this.folder(name)
      for (const each of readdirSync(source)) this.copy(path.join(name, each), path.join(source, each))
    }
  }

  /** Ends the archive. @returns {number} its size in bytes */
  close() {
    this.#entry('TRAILER!!!', 0)
    closeSync(this.#fd)
    return this.#bytes
  }

  #entry(/** @type {string} */ name, mode = 0, content = Buffer.alloc(0), major = 0, minor = 0) {
    const relative = name.replace(/^\/+/, '')
    if (this.#names.has(relative)) return
    this.#names.add(relative)
    const parent = path.dirname(relative)
    if (parent !== '.') this.folder(parent)
    const nameBytes = Buffer.from(`${relative}\0`)
    // Inode, mode, uid, gid, links, time, size, device, special device, length of the name, checksum (none).
    const fields = [this.#names.size, mode, 0, 0, 1, 0, content.length, 0, 0, major, minor, nameBytes.length, 0]
    const header = `070701${fields.map(field => field.toString(16).padStart(8, '0')).join('')}`
    this.#write(Buffer.concat([Buffer.from(header), nameBytes]))
    this.#write(content)
  }

  /** Everything begins at a multiple of four. @param {Buffer} bytes */
  #write(bytes) {
    for (const part of [bytes, Buffer.alloc(-(this.#bytes + bytes.length) & 3)]) {
      let written = 0
      while (written < part.length) written += writeSync(this.#fd, part, written)
      this.#bytes += part.length
    }
  }
}
