import { Command } from 'commander'
import type { Context } from '../context.ts'
import { formatTable } from '../output/table.ts'

interface Options {
  readonly wide?: boolean
  readonly headers: boolean
  readonly namespaced?: string
  readonly output?: string
}

export function apiResourcesCommand(context: Context): Command {
  return new Command('api-resources')
    .description('list the kinds of objects the server has')
    .option('--namespaced <true|false>', 'only those with, or without, a namespace')
    .option('-o, --output <format>', 'wide: with their verbs; name: names only')
    .option('--no-headers', 'without the first line')
    .addHelpText('after', '\nExample:\n  tsctl api-resources --namespaced=true\n')
    .action(async (options: Options) => {
      const { resources = [] } = await context.client().discover()
      const shown = resources
        .filter(({ name = '' }) => !name.includes('/'))
        .filter(
          ({ namespaced = false }) => options.namespaced === undefined || String(namespaced) === options.namespaced,
        )
      if (options.output === 'name') {
        for (const { name = '', group } of shown) context.stdout.write(`${name}${group ? `.${group}` : ''}\n`)
        return
      }
      const wide = options.output === 'wide'
      const rows = shown.map(
        ({ name = '', shortNames = [], group = '', version = '', namespaced = false, kind = '', verbs = [] }) => [
          name,
          shortNames.join(','),
          group === '' ? version : `${group}/${version}`,
          String(namespaced),
          kind,
          ...(wide ? [verbs.join(',')] : []),
        ],
      )
      const headings = ['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND', ...(wide ? ['VERBS'] : [])]
      context.stdout.write(formatTable({ headings, rows }, options.headers))
    })
}
