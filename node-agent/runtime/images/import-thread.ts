// The thread that unpacks, and its other end: unpacking is synchronous work the CRI server must not wait for.
import { parentPort, Worker } from 'node:worker_threads'
import { ImageError, type ImageErrorCode } from './errors.ts'
import { type ImportJob, type ImportResult, importArchive } from './import-archive.ts'
import type { RunImport } from './importer.ts'
import { ImageLayout } from './layout.ts'

/** What the thread is started with. */
export interface ImportThreadData {
  readonly task: 'import'
  readonly root: string
  readonly job: ImportJob
  /** One word that is not 0 once the import was given up. */
  readonly givenUp: Int32Array
}

type FromThread =
  | { readonly type: 'StepBegun'; readonly step: string }
  | { readonly type: 'Imported'; readonly results: readonly ImportResult[] }
  | { readonly type: 'Refused'; readonly code: ImageErrorCode; readonly message: string }

export function isImportThreadData(data: unknown): data is ImportThreadData {
  return typeof data === 'object' && data !== null && 'task' in data && data.task === 'import'
}

/** How long a thread that was told to stop may take, until it is made to. */
const graceMs = 10_000

/** The thread's whole life. What is no ImageError ends it and reaches the other side as the worker's error. */
export async function runImportThread({ root, job, givenUp }: ImportThreadData): Promise<void> {
  const tell = (message: FromThread): void => parentPort?.postMessage(message)
  try {
    const onStep = (step: string): void => tell({ type: 'StepBegun', step })
    const results = await importArchive(new ImageLayout(root), job, onStep, () => {
      if (Atomics.load(givenUp, 0) !== 0) throw new ImageError('aborted', 'the import was given up')
    })
    tell({ type: 'Imported', results })
  } catch (error) {
    if (!(error instanceof ImageError)) throw error
    tell({ type: 'Refused', code: error.code, message: error.message })
  }
}

/** @param program the module that calls runImportThread when its workerData is an ImportThreadData */
export function importInThread(program: URL, root: string): RunImport {
  return (job, onStep, signal) =>
    new Promise((resolve, reject) => {
      const givenUp = new Int32Array(new SharedArrayBuffer(4))
      const workerData: ImportThreadData = { task: 'import', root, job, givenUp }
      const worker = new Worker(program, { workerData })
      let deadline: NodeJS.Timeout | undefined
      // It closes what it has open by itself; a thread that is terminated leaves its descriptors to the process.
      const abort = (): void => {
        Atomics.store(givenUp, 0, 1)
        deadline = setTimeout(() => void worker.terminate(), graceMs)
      }
      if (signal.aborted) abort()
      signal.addEventListener('abort', abort, { once: true })
      worker.on('message', (message: FromThread) => {
        if (message.type === 'StepBegun') onStep(message.step)
        else if (message.type === 'Imported') resolve(message.results)
        else reject(new ImageError(message.code, message.message))
      })
      worker.on('error', reject)
      worker.on('exit', () => {
        clearTimeout(deadline)
        signal.removeEventListener('abort', abort)
        reject(new Error('the import thread ended without a result'))
      })
    })
}
