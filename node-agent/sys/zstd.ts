// zstd (RFC 8878) through libzstd: Node 20's zlib has none. Pieces go in as they come, and what they decompress to comes
// out in pieces; memory is bounded by the window, at most 128 MiB unless one asks the library for more.
import koffi from 'koffi'
import { address } from './syscall.ts'

/** The library is a shared object of the system's, not ours. */
export class ZstdMissingError extends Error {
  constructor(cause: unknown) {
    super('libzstd is not installed: on Debian and Ubuntu, apt-get install libzstd1; on Fedora, dnf install libzstd', {
      cause,
    })
    this.name = 'ZstdMissingError'
  }
}

/** The compressed bytes are no zstd, damaged, or cut short. */
export class ZstdError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ZstdError'
  }
}

/** A machine word: a number where that is exact. */
type Word = number | bigint

interface Library {
  create(): Word
  free(context: Word): Word
  decompress(context: Word, output: Word, input: Word): Word
  isError(result: Word): number
  errorName(result: Word): string
}

let loaded: Library | undefined

function load(): Library {
  if (loaded !== undefined) return loaded
  let lib: ReturnType<typeof koffi.load>
  try {
    lib = koffi.load('libzstd.so.1')
  } catch (error) {
    throw new ZstdMissingError(error)
  }
  const pointer = 'uintptr_t'
  loaded = {
    create: lib.func('ZSTD_createDStream', pointer, []),
    free: lib.func('ZSTD_freeDStream', 'size_t', [pointer]),
    decompress: lib.func('ZSTD_decompressStream', 'size_t', [pointer, pointer, pointer]),
    isError: lib.func('ZSTD_isError', 'uint', ['size_t']),
    errorName: lib.func('ZSTD_getErrorName', 'str', ['size_t']),
  }
  return loaded
}

const outputBytes = 256 * 1024

/** ZSTD_inBuffer and ZSTD_outBuffer: a buffer's address, its size, and how far it was read or filled. */
class Window {
  readonly #words = new BigUint64Array(3)
  readonly address = address(new Uint8Array(this.#words.buffer))

  set(bytes: Uint8Array): void {
    this.#words.set([bytes.length === 0 ? 0n : address(bytes), BigInt(bytes.length), 0n])
  }

  get position(): number {
    return Number(this.#words[2])
  }
}

/** Decompresses a series of frames, skippable ones among them; nothing but frames. */
export class ZstdDecompressor implements Disposable {
  readonly #library = load()
  readonly #context: Word
  readonly #input = new Window()
  readonly #output = new Window()
  readonly #decompressed = Buffer.allocUnsafe(outputBytes)
  #inFrame = false

  /** @throws ZstdMissingError */
  constructor() {
    this.#context = this.#library.create()
    if (Number(this.#context) === 0) throw new Error('libzstd has no memory for a stream')
  }

  /** What the next piece adds; each chunk is valid until the next one is asked for. @throws ZstdError */
  *push(piece: Uint8Array): Generator<Buffer> {
    this.#input.set(piece)
    let filled = 0
    while (this.#input.position < piece.length || (this.#inFrame && filled === outputBytes)) {
      this.#output.set(this.#decompressed)
      const result = this.#library.decompress(this.#context, this.#output.address, this.#input.address)
      if (this.#library.isError(result) !== 0) throw new ZstdError(this.#library.errorName(result))
      // 0 is the end of a frame, of which everything has come out.
      this.#inFrame = Number(result) !== 0
      filled = this.#output.position
      if (filled > 0) yield this.#decompressed.subarray(0, filled)
    }
  }

  /** @throws ZstdError unless the last frame was whole */
  end(): void {
    if (this.#inFrame) throw new ZstdError('unexpected end')
  }

  [Symbol.dispose](): void {
    this.#library.free(this.#context)
  }
}
