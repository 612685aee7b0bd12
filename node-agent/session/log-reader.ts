// Reads a container's log as `kubectl logs` shows it, and goes on reading while it grows.
import { closeSync, constants, fstatSync, openSync, readSync, statSync, watch } from 'node:fs'
import path from 'node:path'
import { parseCriLine } from './cri-line.ts'

export interface LogOptions {
  readonly follow: boolean
  readonly timestamps: boolean
  /** Only so many lines from the end; undefined: all. */
  readonly tailLines: number | undefined
  /** Only lines written since, in milliseconds since 1970. */
  readonly sinceMs: number | undefined
}

/** The log's file is not there, in the kubelet's words. */
export class LogMissingError extends Error {
  override readonly name = 'LogMissingError'

  constructor(file: string) {
    super(`failed to try resolving symlinks in path "${file}": lstat ${file}: no such file or directory`)
  }
}

const chunkBytes = 64 * 1024
const newline = 0x0a

/**
 * A log's text, in pieces. Following, it goes on through rotations until `ended` says that nothing more will be
 * written and all of it was read, or the signal aborts.
 * @param ended whether the container has ended
 * @param changed resolves when `ended` may answer otherwise
 * @throws LogMissingError
 */
export async function* readLog(
  file: string,
  options: LogOptions,
  ended: () => boolean,
  changed: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  const format = new Formatter(options)
  let fd = open(file)
  if (fd === undefined) throw new LogMissingError(file)
  const growth = options.follow ? new Growth(file, signal) : undefined
  try {
    let position = options.tailLines === undefined ? 0 : tailStart(fd, options.tailLines)
    for (;;) {
      if (signal.aborted) return
      // Asked before reading: what was written before the end, or before the rotation, is then read for sure.
      const last = !options.follow || ended()
      const rotated = isRotated(fd, file)
      const chunk = read(fd, position)
      if (chunk.length > 0) {
        position += chunk.length
        const text = format.add(chunk)
        if (text.length > 0) yield text
        // Others have their turn between two pieces.
        await new Promise(resolve => setImmediate(resolve))
        continue
      }
      if (rotated) {
        const next = open(file)
        if (next !== undefined) {
          closeSync(fd)
          fd = next
          position = 0
          continue
        }
      }
      if (last) break
      await growth?.next(changed)
    }
    const rest = format.end()
    if (rest.length > 0) yield rest
  } finally {
    growth?.close()
    closeSync(fd)
  }
}

function open(file: string): number | undefined {
  try {
    return openSync(file, constants.O_RDONLY)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function read(fd: number, position: number): Buffer {
  const buffer = Buffer.allocUnsafe(chunkBytes)
  return buffer.subarray(0, readSync(fd, buffer, 0, chunkBytes, position))
}

/** Whether another file stands under the name. */
function isRotated(fd: number, file: string): boolean {
  const present = statSync(file, { throwIfNoEntry: false })
  return present !== undefined && present.ino !== fstatSync(fd).ino
}

/** Where the last lines begin, found from the end. */
export function tailStart(fd: number, lines: number): number {
  let end = fstatSync(fd).size
  if (lines <= 0) return end
  let missing = lines
  const size = end
  while (end > 0) {
    const start = Math.max(0, end - chunkBytes)
    const buffer = Buffer.allocUnsafe(end - start)
    readSync(fd, buffer, 0, buffer.length, start)
    for (let at = buffer.length - 1; at >= 0; at--) {
      // The newline that ends the last line begins no other.
      if (buffer[at] === newline && start + at !== size - 1 && --missing === 0) return start + at + 1
    }
    end = start
  }
  return 0
}

/** Wakes when the file may have grown. */
class Growth {
  readonly #stop = new AbortController()
  #grown = false
  #wake: () => void = () => {}

  constructor(file: string, signal: AbortSignal) {
    const name = path.basename(file)
    const notice = (): void => {
      this.#grown = true
      this.#wake()
    }
    // The directory, because a rotated log's name moves to another file.
    const watcher = watch(
      path.dirname(file),
      { signal: AbortSignal.any([signal, this.#stop.signal]) },
      (_, changed) => {
        if (changed === null || changed.startsWith(name)) notice()
      },
    )
    watcher.on('error', notice)
    signal.addEventListener('abort', notice, { once: true, signal: this.#stop.signal })
  }

  async next(changed: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.#grown) {
      this.#grown = false
      return
    }
    const done = new AbortController()
    const grown = new Promise<void>(resolve => {
      this.#wake = resolve
    })
    await Promise.race([grown, changed(AbortSignal.any([this.#stop.signal, done.signal]))])
    done.abort()
    this.#grown = false
  }

  close(): void {
    this.#stop.abort()
  }
}

/** From records to text: times before lines where wanted, pieces put together, what is too old left out. */
class Formatter {
  readonly #options: LogOptions
  #carry: Buffer = Buffer.alloc(0)
  /** In the middle of a line that came in pieces. */
  #continued = false

  constructor(options: LogOptions) {
    this.#options = options
  }

  add(chunk: Buffer): Buffer {
    const data = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk])
    const out: Buffer[] = []
    let start = 0
    for (let at = data.indexOf(newline); at >= 0; at = data.indexOf(newline, start)) {
      this.#line(data.subarray(start, at), out)
      start = at + 1
    }
    this.#carry = Buffer.from(data.subarray(start))
    return Buffer.concat(out)
  }

  /** A last record without its newline. */
  end(): Buffer {
    const out: Buffer[] = []
    if (this.#carry.length > 0) this.#line(this.#carry, out)
    this.#carry = Buffer.alloc(0)
    return Buffer.concat(out)
  }

  #line(line: Buffer, out: Buffer[]): void {
    const parsed = parseCriLine(line)
    if (parsed === undefined) return
    const { sinceMs, timestamps } = this.#options
    if (sinceMs !== undefined && Date.parse(parsed.time) < sinceMs) return
    if (timestamps && !this.#continued) out.push(Buffer.from(`${parsed.time} `))
    out.push(parsed.content)
    if (!parsed.partial) out.push(Buffer.from('\n'))
    this.#continued = parsed.partial
  }
}
