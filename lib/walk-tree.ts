// Walks a tree of files that somebody else fills, and may not want walked. So names are bytes; each is looked up
// relative to an open directory, so that no depth is too deep for a path (PATH_MAX) and no directory exchanged for a
// symbolic link leads out; nothing of other file systems mounted in the tree is looked at; and the walk takes turns with
// the rest of the process.
import { closeSync, constants, fstatSync, lstatSync, opendirSync, openSync, type Stats } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

export interface Visitor {
  /**
   * A file, or a directory before what is in it.
   * @param path leads to it while the visitor runs
   */
  readonly entry: (path: Buffer, status: Stats) => void
  /** A directory after what is in it. */
  readonly left?: (path: Buffer) => void
  /** Whether the rest of the tree may be left out. */
  readonly isDone?: () => boolean
}

/** Nobody waits for a walk, and what else the process does should not wait for it either. */
const workMs = 3
const restMs = 12

/** Shared by walks that are made one after another: they take a fifth of the time, however many they are. */
export class Pace {
  #sliceEndsMs = 0

  /** Resolves when there is time to go on; undefined: there is. */
  pause(): Promise<void> | undefined {
    const now = performance.now()
    if (now < this.#sliceEndsMs) return undefined
    // After an idle time work begins at once.
    if (now > this.#sliceEndsMs + restMs) {
      this.#sliceEndsMs = now + workMs
      return undefined
    }
    return delay(restMs).then(() => {
      this.#sliceEndsMs = performance.now() + workMs
    })
  }
}

/**
 * Visits everything in a folder, without the folder itself; nothing where there is no folder. What vanishes meanwhile is
 * left out. The walk ends early where somebody moves the directory it is in.
 */
export async function walkTree(folder: string, visitor: Visitor, pace: Pace): Promise<void> {
  const root = openDirectory(folder)
  if (root === undefined) return
  const walk = new Walk(root, visitor)
  try {
    while (walk.goOn()) {
      const pause = pace.pause()
      if (pause) await pause
    }
  } finally {
    walk.close()
  }
}

/** A directory on the way from the root to where the walk is. */
interface Level {
  readonly name: string
  readonly dev: number
  readonly ino: number
  /** Its directories that are still to be walked. */
  readonly below: string[]
}

class Walk {
  readonly #visitor: Visitor
  readonly #levels: Level[] = []
  readonly #dev: number
  /** The directory where the walk is. One at a time: depth costs no descriptors. */
  #fd: number
  #entries: ReturnType<typeof opendirSync> | undefined

  constructor(root: number, visitor: Visitor) {
    this.#visitor = visitor
    this.#fd = root
    const status = fstatSync(root)
    this.#dev = status.dev
    this.#enter('', root, status)
  }

  /** Does a little; answers whether there is more to do. */
  goOn(): boolean {
    if (this.#visitor.isDone?.()) return false
    if (this.#entries) return this.#list(this.#entries)
    const name = this.#levels.at(-1)?.below.pop()
    return name === undefined ? this.#ascend() : this.#descend(name)
  }

  close(): void {
    this.#entries?.closeSync()
    closeSync(this.#fd)
  }

  /** The next entries of the directory. */
  #list(entries: ReturnType<typeof opendirSync>): true {
    for (let index = 0; index < 64; index++) {
      const entry = entries.readSync()
      if (entry === null) {
        entries.closeSync()
        this.#entries = undefined
        break
      }
      const path = pathIn(this.#fd, entry.name)
      const status = look(path)
      if (status?.dev !== this.#dev) continue
      if (status.isDirectory()) this.#levels.at(-1)?.below.push(entry.name)
      this.#visitor.entry(path, status)
    }
    return true
  }

  #descend(name: string): true {
    const fd = openDirectory(pathIn(this.#fd, name))
    if (fd === undefined) return true
    const status = fstatSync(fd)
    if (status.dev === this.#dev) {
      closeSync(this.#fd)
      this.#enter(name, fd, status)
    } else closeSync(fd)
    return true
  }

  #enter(name: string, fd: number, { dev, ino }: Stats): void {
    this.#fd = fd
    this.#levels.push({ name, dev, ino, below: [] })
    this.#entries = opendirSync(`/proc/self/fd/${fd}`, { encoding: 'latin1', bufferSize: 256 })
  }

  /** Back to the directory above, if that is still where the walk came from. */
  #ascend(): boolean {
    const left = this.#levels.pop()
    const above = this.#levels.at(-1)
    const fd = above && openDirectory(pathIn(this.#fd, '..'))
    if (left === undefined || above === undefined || fd === undefined) return false
    closeSync(this.#fd)
    this.#fd = fd
    const { dev, ino } = fstatSync(fd)
    if (dev !== above.dev || ino !== above.ino) return false
    this.#visitor.left?.(pathIn(fd, left.name))
    return true
  }
}

function openDirectory(path: string | Buffer): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
}

function look(path: Buffer): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** Names as Node has them in latin1: one character a byte. */
const pathIn = (directory: number, name: string): Buffer => Buffer.from(`/proc/self/fd/${directory}/${name}`, 'latin1')
