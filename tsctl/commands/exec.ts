import { Command } from 'commander'
import type { Duplex } from '../../client/streams.ts'
import type { ExecInput, ExecOutput } from '../../proto/gen/tessera.ts'
import type { Context } from '../context.ts'
import { defaultContainer } from '../default-container.ts'

interface Options {
  readonly container?: string
  readonly stdin?: boolean
  readonly tty?: boolean
}

export function execCommand(context: Context): Command {
  return new Command('exec')
    .description('run a command in a container')
    .argument('<pod>', 'hello · pod/hello')
    .argument('<command...>', 'behind --, so that its options stay its own')
    .option('-c, --container <name>', "which container; the pod's first by default")
    .option('-i, --stdin', 'pass standard input on')
    .option('-t, --tty', 'give the command a terminal')
    .addHelpText(
      'after',
      '\nExamples:\n  tsctl exec hello -- ls /\n  tsctl exec -it hello -c web -- sh\n  tar c . | tsctl exec -i hello -- tar x -C /www\n',
    )
    .action(async (target: string, command: string[], options: Options) => {
      const pod = target.replace(/^(pods?|po)\//, '')
      const tty = (options.tty ?? false) && context.stdin.isTTY
      if (options.tty && !tty)
        context.stderr.write('Unable to use a TTY - input is not a terminal or the right kind of file\n')
      const session = context.client().exec(
        {
          namespace: context.namespace(),
          pod,
          container: options.container ?? (await defaultContainer(context, pod)),
          command,
          stdin: options.stdin ?? false,
          tty,
          ...(tty && { columns: context.stdout.columns ?? 80, rows: context.stdout.rows ?? 24 }),
        },
        context.signal,
      )
      using _ = tty ? rawTerminal(context, session) : undefined
      if (options.stdin) void forwardInput(context, session)
      context.exitCode = await printOutput(context, session)
      context.stdin.destroy()
    })
}

/** Keys go through unread, and the command learns the terminal's size when it changes. */
function rawTerminal(context: Context, session: Duplex<ExecInput, ExecOutput>): Disposable {
  const resize = (): void => {
    const { columns = 80, rows = 24 } = context.stdout
    void session.send({ resize: { columns, rows } }).catch(() => undefined)
  }
  context.stdin.setRawMode(true)
  context.stdout.on('resize', resize)
  return {
    [Symbol.dispose]() {
      context.stdout.off('resize', resize)
      context.stdin.setRawMode(false)
    },
  }
}

async function forwardInput(context: Context, session: Duplex<ExecInput, ExecOutput>): Promise<void> {
  try {
    for await (const chunk of context.stdin) await session.send({ stdin: chunk as Buffer })
    await session.send({ stdinClosed: true })
  } catch {
    // The command ended before its input did; its exit code says how.
  }
}

async function printOutput(context: Context, session: Duplex<ExecInput, ExecOutput>): Promise<number> {
  for await (const { stdout, stderr, exitCode } of session) {
    const [stream, data] = stdout?.length ? [context.stdout, stdout] : [context.stderr, stderr]
    if (data?.length && !stream.write(data)) await new Promise(resolve => stream.once('drain', resolve))
    if (exitCode !== undefined) return exitCode
  }
  throw new Error('the connection ended before the command did')
}
