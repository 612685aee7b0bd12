// A command run to its end, its output collected.
import type { Readable } from 'node:stream'
import { RuntimeError } from '../errors.ts'
import type { Parts } from '../lifecycle/parts.ts'
import { CommandError, startExec } from './exec.ts'

export interface ExecSyncResult {
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly exitCode: number
}

/** As CRI asks: more output than this is read and thrown away. */
const maxOutputBytes = 16 * 1024 * 1024

/**
 * @param timeoutMs 0 for none
 * @throws RuntimeError `timeout` (the command was killed), and those of startExec
 */
export async function execSync(
  parts: Parts,
  containerId: string | undefined,
  command: readonly string[],
  timeoutMs: number,
): Promise<ExecSyncResult> {
  let timer: NodeJS.Timeout | undefined
  try {
    const process = await startExec(parts, { containerId, command, stdin: false })
    const late = new Promise<'late'>(resolve => {
      if (timeoutMs > 0) timer = setTimeout(() => resolve('late'), timeoutMs)
    })
    const stdout = collect(process.stdout)
    const stderr = collect(process.stderr)
    const exitCode = await Promise.race([process.exitCode, late])
    if (exitCode === 'late') {
      process.kill()
      throw new RuntimeError('timeout', `the command ran longer than ${timeoutMs / 1000} s and was killed`)
    }
    return { stdout: stdout(), stderr: stderr(), exitCode }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return { stdout: Buffer.alloc(0), stderr: Buffer.from(`${error.message}\n`), exitCode: error.exitCode }
  } finally {
    clearTimeout(timer)
  }
}

function collect(stream: Readable | undefined): () => Buffer {
  const chunks: Buffer[] = []
  let length = 0
  stream?.on('data', (chunk: Buffer) => {
    const room = maxOutputBytes - length
    if (room <= 0) return
    chunks.push(chunk.subarray(0, room))
    length += Math.min(room, chunk.length)
  })
  return () => Buffer.concat(chunks)
}
