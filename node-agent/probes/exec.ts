// exec probes.
import type { Container } from '../../api/kinds/core-v1/container.ts'
import { goDuration } from '../../lib/go-duration.ts'
import { goQuote } from '../../lib/go-quote.ts'
import { expand } from '../pods/configuration/expansion.ts'
import { errored, failure, type Outcome, success } from './outcome.ts'

interface CommandResult {
  readonly exitCode: number
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/** The command was killed because it took too long. */
export class CommandTimeout extends Error {
  override readonly name = 'CommandTimeout'

  constructor(command: readonly string[], timeoutMs: number) {
    super(`command timed out: ${goQuote(command.join(' '))} timed out after ${goDuration(timeoutMs)}`)
  }
}

/**
 * Runs a command in a container.
 * @param timeoutMs undefined: for as long as it takes
 * @throws CommandTimeout; whatever else is thrown: it could not be run at all
 */
export type RunCommand = (
  command: readonly string[],
  timeoutMs: number | undefined,
  signal: AbortSignal,
) => Promise<CommandResult>

/** As much of the output as is kept. */
const mostOutputBytes = 10 * 1024

export async function probeExec(
  run: RunCommand,
  command: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    const { exitCode, stdout, stderr } = await run(command, timeoutMs, signal)
    const output = Buffer.concat([stdout, stderr]).subarray(0, mostOutputBytes).toString()
    return exitCode === 0 ? success(output) : failure(output)
  } catch (error) {
    return error instanceof CommandTimeout ? failure(error.message) : errored('unknown', error)
  }
}

/** References to variables of the container's own that are plain values; others are empty here, or stay as written. */
export function expandCommand(command: readonly string[], { env = [] }: Pick<Container, 'env'>): string[] {
  const values = new Map(env.map(({ name, value = '' }) => [name, value]))
  return command.map(word => expand(word, name => values.get(name)))
}
