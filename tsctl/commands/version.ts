import { Command } from 'commander'
import type { Context } from '../context.ts'
import { clientVersion } from '../version.ts'

export function versionCommand(context: Context): Command {
  return new Command('version')
    .description('print the versions of tsctl and of the server')
    .option('--client', 'of tsctl only; asks no server')
    .addHelpText('after', '\nExample:\n  tsctl version\n')
    .action(async (options: { client?: boolean }) => {
      context.stdout.write(`Client Version: ${clientVersion()}\n`)
      if (options.client) return
      const { version = '' } = await context.client().discover()
      context.stdout.write(`Server Version: ${version}\n`)
    })
}
