// A command run to its end, its output collected.
import type { Readable } from 'node:stream'
import { RuntimeError } from '../errors.ts'
import type { Runtime } from '../lifecycle/runtime.ts'
import { within } from '../lifecycle/within.ts'
import { startExec } from './exec.ts'

export interface ExecSyncResult {
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly exitCode: number
}

export interface ExecSyncOptions {
  /** 0 for none. */
  readonly timeoutMs: number
  /** Nobody waits any more: the command is killed. */
  readonly signal: AbortSignal
}

/** How long a killed command may take to be gone. */
const killTimeoutMs = 5_000

/**
 * CRI has a response capped at 16 MB, and that is the longest message the kubelet and crictl take: so all of it counts,
 * the lengths and the exit code around the output too.
 */
const maxResponseBytes = 16 * 1024 * 1024
const framingBytes = 64
export const maxOutputBytes = maxResponseBytes - framingBytes

/** @throws RuntimeError `timeout` (the command was killed), and those of startExec */
export async function execSync(
  runtime: Runtime,
  containerId: string | undefined,
  command: readonly string[],
  { timeoutMs, signal }: ExecSyncOptions,
): Promise<ExecSyncResult> {
  const process = await startExec(runtime, { containerId, command, stdin: false })
  const kill = (): void => process.kill()
  if (signal.aborted) kill()
  signal.addEventListener('abort', kill, { once: true })
  try {
    const stdout = collect(process.stdout)
    const stderr = collect(process.stderr)
    const exitCode = await (timeoutMs > 0 ? within(process.exitCode, timeoutMs) : process.exitCode)
    if (exitCode === 'late') {
      kill()
      // Whoever hears of the timeout finds the command gone.
      await within(process.exitCode, killTimeoutMs)
      throw new RuntimeError('timeout', `the command ran longer than ${timeoutMs / 1000} s and was killed`)
    }
    return { ...fit(stdout(), stderr()), exitCode }
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

/** What is more than fits is read and thrown away, so that the command goes on (CVE-2022-1708, CVE-2022-31030). */
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

/** Both within one response: half is either's, and what one leaves is the other's. */
export function fit(stdout: Buffer, stderr: Buffer): { readonly stdout: Buffer; readonly stderr: Buffer } {
  const half = Math.floor(maxOutputBytes / 2)
  const ofStdout = Math.max(half, maxOutputBytes - stderr.length)
  const ofStderr = Math.max(half, maxOutputBytes - stdout.length)
  return { stdout: stdout.subarray(0, ofStdout), stderr: stderr.subarray(0, ofStderr) }
}
