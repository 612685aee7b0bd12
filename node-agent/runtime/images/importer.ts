// Importing as the runtime's main thread sees it: the archive is spooled to disk as it comes, unpacked in a thread, and
// recorded. Whatever goes wrong on the way, nothing of it stays.
import { mkdtempSync } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { removeTree } from '../../../lib/remove-tree.ts'
import { compressionOfHead } from './compression.ts'
import { explainDiskError, ImageError } from './errors.ts'
import type { ImportJob, ImportResult } from './import-archive.ts'
import type { ImageStore } from './store.ts'
import type { StoredImage } from './store-index.ts'
import { blockBytes, isEndBlock, isHeader } from './tar-header.ts'
import type { UnpackLimits } from './unpack-budget.ts'

/** Does the unpacking, somewhere. Rejects with an ImageError `aborted` when the signal says so. */
export type RunImport = (
  job: ImportJob,
  onStep: (step: string) => void,
  signal: AbortSignal,
) => Promise<readonly ImportResult[]>

export interface ImportProgress {
  /** For people: "unpacking layer 2 of 3". */
  readonly step: string
  /** Of the archive, received. */
  readonly bytesDone: number
}

export interface ImportRequest {
  readonly reference?: string
  readonly onProgress: (progress: ImportProgress) => void
  readonly signal: AbortSignal
}

const defaultLimits: UnpackLimits = { maxEntries: 2_000_000, maxBytes: 64 * 1024 ** 3 }
const progressEveryBytes = 16 * 1024 * 1024

export class Importer {
  readonly #store: ImageStore
  readonly #run: RunImport
  readonly #limits: UnpackLimits
  /** Archives are received in parallel and unpacked one by one: two of them could bring the same layer. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(store: ImageStore, run: RunImport, limits: UnpackLimits = defaultLimits) {
    this.#store = store
    this.#run = run
    this.#limits = limits
  }

  /** @throws ImageError */
  async import(chunks: AsyncIterable<Uint8Array>, request: ImportRequest): Promise<StoredImage[]> {
    using _held = this.#store.holdGarbage()
    const staging = mkdtempSync(path.join(this.#store.layout.staging, 'import-'))
    try {
      const spool = path.join(staging, 'archive')
      const bytesDone = await receive(chunks, spool, request)
      const job: ImportJob = {
        spool,
        staging,
        limits: this.#limits,
        ...(request.reference && { reference: request.reference }),
      }
      const results = await this.#inTurn(() => {
        request.signal.throwIfAborted()
        return this.#run(job, step => request.onProgress({ step, bytesDone }), request.signal)
      })
      return this.#store.commit(results, Date.now())
    } catch (error) {
      if (request.signal.aborted) throw new ImageError('aborted', 'the import was given up', { cause: error })
      throw explainDiskError(error, this.#store.layout.root)
    } finally {
      await removeTree(staging).catch(() => undefined)
    }
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(action)
    this.#turn = result.catch(() => undefined)
    return result
  }
}

/** Writes the stream to a file; refuses at the first block what cannot be an archive. */
async function receive(chunks: AsyncIterable<Uint8Array>, file: string, request: ImportRequest): Promise<number> {
  const handle = await open(file, 'wx', 0o600)
  try {
    let head = Buffer.alloc(0)
    let bytes = 0
    let reported = 0
    for await (const chunk of chunks) {
      request.signal.throwIfAborted()
      if (head.length < blockBytes) {
        head = Buffer.concat([head, chunk.subarray(0, blockBytes - head.length)])
        if (head.length === blockBytes) checkHead(head)
      }
      for (let offset = 0; offset < chunk.length; ) offset += (await handle.write(chunk, offset)).bytesWritten
      bytes += chunk.length
      if (bytes - reported >= progressEveryBytes) {
        request.onProgress({ step: 'receiving the archive', bytesDone: bytes })
        reported = bytes
      }
    }
    if (head.length < blockBytes && (head.length < 2 || compressionOfHead(head) === 'none')) {
      throw new ImageError('invalid', `this is no archive: it is only ${bytes} bytes long`)
    }
    return bytes
  } finally {
    await handle.close()
  }
}

function checkHead(head: Buffer): void {
  if (compressionOfHead(head) !== 'none' || isHeader(head) || isEndBlock(head)) return
  const zip = head.toString('latin1', 0, 2) === 'PK' ? ' (it looks like a zip file)' : ''
  throw new ImageError('invalid', `this is no tar archive${zip}: import what \`docker save\` or \`podman save\` writes`)
}
