import { Command, Option } from 'commander'
import type { KubernetesObject, Stored } from '../../api/kinds/kind.ts'
import type { WatchEvent } from '../../client/client.ts'
import type { Context } from '../context.ts'
import { UsageError } from '../errors.ts'
import { kindOf, nameOf, namespaceOf } from '../manifest-kind.ts'
import { readManifests } from '../manifests.ts'
import { objectTable, type TableOptions } from '../output/object-table.ts'
import { type Format, formatObjects } from '../output/objects.ts'
import { columnWidths, formatRow, formatTable } from '../output/table.ts'
import type { ResourceType } from '../resource-types.ts'
import { qualifiedName, selectResources } from '../resources.ts'
import { collect } from './options.ts'

interface Options {
  readonly filename?: readonly string[]
  readonly recursive?: boolean
  readonly output?: Format | 'wide'
  readonly watch?: boolean
  readonly watchOnly?: boolean
  readonly allNamespaces?: boolean
  readonly selector?: string
  readonly fieldSelector?: string
  readonly headers: boolean
  readonly showLabels?: boolean
  readonly ignoreNotFound?: boolean
}

/** Objects of one kind that the command line asks for. */
interface Query {
  readonly kind: ResourceType
  readonly namespace: string | undefined
  readonly names: readonly string[]
}

interface Found {
  readonly kind: ResourceType
  readonly items: readonly Stored[]
  readonly resourceVersion: string
}

export function getCommand(context: Context): Command {
  return new Command('get')
    .description('list objects, or show some by name')
    .argument('[type-and-names...]', 'pods · pod hello · pod/hello node/local · pods,services')
    .option('-f, --filename <file>', 'the objects that files name', collect)
    .option('-R, --recursive', 'also read the directories inside a directory')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['wide', 'yaml', 'json', 'name']))
    .option('-w, --watch', 'go on and print changes as they come')
    .option('--watch-only', 'print changes only')
    .option('-A, --all-namespaces', 'of every namespace')
    .option('-l, --selector <labels>', 'those with these labels, such as app=hello,tier!=cache')
    .option('--field-selector <fields>', 'those with these fields, such as spec.nodeName=local')
    .option('--no-headers', 'without the first line')
    .option('--show-labels', 'labels as the last column')
    .option('--ignore-not-found', 'an object that is not there is no error')
    .addHelpText(
      'after',
      '\nExamples:\n  tsctl get pods -o wide\n  tsctl get pod hello -o yaml\n  tsctl get pods -A -w\n  tsctl get pods -l app=hello --field-selector status.phase=Running\n',
    )
    .action(async (args: string[], options: Options) => {
      const queries =
        options.filename !== undefined ? await fromFiles(context, options) : await fromArguments(context, args, options)
      if (options.watch || options.watchOnly) {
        await watch(context, queries, options)
        return
      }
      const found = await Promise.all(queries.map(query => fetch(context, query, options)))
      print(context, queries, found, options)
    })
}

async function fromArguments(context: Context, args: string[], options: Options): Promise<Query[]> {
  return selectResources(await context.types(), args).map(({ kind, names }) => {
    if (names.length > 0 && options.allNamespaces) {
      throw new UsageError('a name belongs to one namespace: leave --all-namespaces out, or the name')
    }
    const namespace = !kind.namespaced || options.allNamespaces ? undefined : context.namespace()
    return { kind, namespace, names }
  })
}

async function fromFiles(context: Context, options: Options): Promise<Query[]> {
  const types = await context.types()
  return readManifests(options.filename ?? [], { recursive: options.recursive ?? false }).map(manifest => {
    const kind = kindOf(types, manifest)
    return { kind, namespace: namespaceOf(manifest, kind, context), names: [nameOf(manifest)] }
  })
}

async function fetch(context: Context, { kind, namespace, names }: Query, options: Options): Promise<Found> {
  const client = context.client()
  if (names.length > 0) {
    if (options.selector !== undefined) throw new UsageError('give names or a selector, not both')
    const get = (name: string) => client.get(kind, { namespace, name })
    const items = options.ignoreNotFound
      ? (await Promise.allSettled(names.map(get))).flatMap(result =>
          result.status === 'fulfilled' ? [result.value] : [],
        )
      : await Promise.all(names.map(get))
    return { kind, items, resourceVersion: '' }
  }
  const { selector: labelSelector, fieldSelector } = options
  const items: Stored[] = []
  let token: string | undefined
  let resourceVersion = ''
  do {
    const page = await client.list(kind, {
      namespace,
      labelSelector,
      fieldSelector,
      limit: 500,
      ...(token !== undefined && { continue: token }),
    })
    items.push(...page.items)
    resourceVersion = page.resourceVersion
    token = page.continue
  } while (token !== undefined)
  return { kind, items, resourceVersion }
}

function print(context: Context, queries: readonly Query[], found: readonly Found[], options: Options): void {
  const items = found.flatMap(({ items }) => items)
  const named = queries.some(({ names }) => names.length > 0)
  if (options.output !== undefined && options.output !== 'wide') {
    context.stdout.write(formatObjects(options.output, found, { single: named && items.length === 1 }))
    return
  }
  if (items.length === 0) {
    const namespace = queries.find(({ kind }) => kind.namespaced)?.namespace
    if (!options.ignoreNotFound)
      context.stderr.write(`No resources found${namespace === undefined ? '' : ` in ${namespace} namespace`}.\n`)
    return
  }
  const several = found.filter(({ items }) => items.length > 0)
  const tables = several.map(({ kind, items }) =>
    formatTable(objectTable(kind, items, tableOptions(context, kind, options, several.length > 1)), options.headers),
  )
  context.stdout.write(tables.join('\n'))
}

function tableOptions(context: Context, kind: ResourceType, options: Options, qualified: boolean): TableOptions {
  return {
    nowMs: context.now(),
    wide: options.output === 'wide',
    showNamespace: (options.allNamespaces ?? false) && kind.namespaced,
    showLabels: options.showLabels ?? false,
    name: object => (qualified ? qualifiedName(kind, object.metadata.name ?? '') : (object.metadata.name ?? '')),
  }
}

/** The present objects, then each change as a row, below headings that were written once. */
async function watch(context: Context, queries: readonly Query[], options: Options): Promise<void> {
  const [query, ...others] = queries
  if (query === undefined || others.length > 0 || query.names.length > 1) {
    throw new UsageError('--watch follows one type, or one object')
  }
  const { kind, namespace, names } = query
  const [name] = names
  const nameSelector = name === undefined ? [] : [`metadata.name=${name}`]
  const fieldSelector = [...nameSelector, ...(options.fieldSelector === undefined ? [] : [options.fieldSelector])].join(
    ',',
  )
  const selection = { namespace, labelSelector: options.selector, ...(fieldSelector !== '' && { fieldSelector }) }
  const { items, resourceVersion } = await context.client().list(kind, selection)
  const shown = options.watchOnly ? [] : items
  const settings = tableOptions(context, kind, options, false)
  const first = objectTable(kind, shown, settings)
  const widths = columnWidths(first, options.headers)
  if (options.output === undefined || options.output === 'wide') {
    if (options.headers) context.stdout.write(formatRow(first.headings, widths))
    for (const row of first.rows) context.stdout.write(formatRow(row, widths))
  } else if (shown.length > 0) {
    context.stdout.write(formatObjects(options.output, [{ kind, items: shown }], { single: true }))
  }
  for await (const event of changes(context, kind, selection, resourceVersion)) {
    if (options.output !== undefined && options.output !== 'wide') {
      context.stdout.write(formatObjects(options.output, [{ kind, items: [event] }], { single: true }))
      continue
    }
    const { rows } = objectTable(kind, [event], { ...settings, nowMs: context.now() })
    for (const row of rows) context.stdout.write(formatRow(row, widths))
  }
}

/** Every change from a version on, through servers that close the stream, until the user has seen enough. */
async function* changes(
  context: Context,
  kind: ResourceType,
  selection: { namespace: string | undefined; labelSelector: string | undefined; fieldSelector?: string },
  from: string,
): AsyncGenerator<Stored> {
  let resourceVersion = from
  while (!context.signal.aborted) {
    const events: AsyncIterable<WatchEvent<KubernetesObject>> = context
      .client()
      .watch(kind, { ...selection, resourceVersion, bookmarks: true, signal: context.signal })
    for await (const event of events) {
      resourceVersion = event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion
      if (event.type !== 'BOOKMARK') yield event.object
    }
  }
}
