import { Command } from 'commander'
import { gitVersion } from '../../lib/version.ts'
import type { Context } from '../context.ts'

export function versionCommand(context: Context): Command {
  return new Command('version')
    .description('print the versions of tsctl and of the server')
    .option('--client', 'of tsctl only; asks no server')
    .addHelpText('after', '\nExample:\n  tsctl version\n')
    .action(async (options: { client?: boolean }) => {
      context.stdout.write(`Client Version: ${gitVersion}\n`)
      if (options.client) return
      const { version = '' } = await context.client().discover()
      context.stdout.write(`Server Version: ${version}\n`)
    })
}
