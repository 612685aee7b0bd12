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
}

type FromThread =
  | { readonly type: 'StepBegun'; readonly step: string }
  | { readonly type: 'Imported'; readonly results: readonly ImportResult[] }
  | { readonly type: 'Refused'; readonly code: ImageErrorCode; readonly message: string }

export function isImportThreadData(data: unknown): data is ImportThreadData {
  return typeof data === 'object' && data !== null && 'task' in data && data.task === 'import'
}

/** The thread's whole life. What is no ImageError ends it and reaches the other side as the worker's error. */
export async function runImportThread({ root, job }: ImportThreadData): Promise<void> {
  const tell = (message: FromThread): void => parentPort?.postMessage(message)
  try {
    const results = await importArchive(new ImageLayout(root), job, step => tell({ type: 'StepBegun', step }))
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
      const workerData: ImportThreadData = { task: 'import', root, job }
      const worker = new Worker(program, { workerData })
      const abort = (): void => {
        reject(new ImageError('aborted', 'the import was given up'))
        void worker.terminate()
      }
      signal.addEventListener('abort', abort, { once: true })
      worker.on('message', (message: FromThread) => {
        if (message.type === 'StepBegun') onStep(message.step)
        else if (message.type === 'Imported') resolve(message.results)
        else reject(new ImageError(message.code, message.message))
      })
      worker.on('error', reject)
      worker.on('exit', () => {
        signal.removeEventListener('abort', abort)
        reject(new Error('the import thread ended without a result'))
      })
    })
}
