import { Command } from 'commander'
import { type Event as CoreEvent, events } from '../../api/kinds/core-v1/event.ts'
import { nodes } from '../../api/kinds/core-v1/node.ts'
import { pods } from '../../api/kinds/core-v1/pod.ts'
import type { Stored } from '../../api/kinds/kind.ts'
import { formatAge } from '../../api/values/age.ts'
import type { Context } from '../context.ts'
import { describeNode } from '../describe/node.ts'
import { describeObject } from '../describe/object.ts'
import { formatOutline, type Outline } from '../describe/outline.ts'
import { describePod } from '../describe/pod.ts'
import { formatTable } from '../output/table.ts'
import type { ResourceType } from '../resource-types.ts'
import { selectResources } from '../resources.ts'

export function describeCommand(context: Context): Command {
  return new Command('describe')
    .description('tell all about objects, with their events')
    .argument('<type-and-names...>', 'pod hello · pod/hello · node local')
    .option('-l, --selector <labels>', 'those with these labels')
    .addHelpText('after', '\nExamples:\n  tsctl describe pod hello\n  tsctl describe node local\n')
    .action(async (args: string[], options: { selector?: string }) => {
      const parts: string[] = []
      for (const { kind, names } of selectResources(await context.types(), args)) {
        const namespace = kind.namespaced ? context.namespace() : undefined
        const { items } =
          names.length > 0
            ? { items: await Promise.all(names.map(name => context.client().get(kind, { namespace, name }))) }
            : await context.client().list(kind, { namespace, labelSelector: options.selector })
        for (const { metadata } of items)
          parts.push(await describeOne(context, kind, metadata.namespace, metadata.name))
      }
      context.stdout.write(parts.length === 0 ? 'No resources found.\n' : parts.join('\n\n'))
    })
}

async function describeOne(
  context: Context,
  kind: ResourceType,
  namespace: string | undefined,
  name: string,
): Promise<string> {
  const client = context.client()
  const { outline, uid } = await inWords(context, kind, namespace, name)
  const selector = `involvedObject.name=${name},involvedObject.uid=${uid}`
  const { items } = await client.list(events, { namespace, fieldSelector: selector })
  return `${formatOutline(outline)}${eventLines(items, context.now())}`
}

async function inWords(
  context: Context,
  kind: ResourceType,
  namespace: string | undefined,
  name: string,
): Promise<{ outline: Outline; uid: string }> {
  const client = context.client()
  if (kind.kind === pods.kind) {
    const pod = await client.get(pods, { namespace, name })
    return { outline: describePod(pod), uid: pod.metadata.uid }
  }
  if (kind.kind === nodes.kind) {
    const node = await client.get(nodes, { name })
    const bound = await client.list(pods, { fieldSelector: `spec.nodeName=${name}` })
    // A node's agent names the node itself as the uid of its events.
    return { outline: describeNode(node, bound.items), uid: node.metadata.uid }
  }
  const object = await client.get(kind, { namespace, name })
  return { outline: describeObject(object), uid: object.metadata.uid }
}

function eventLines(items: readonly Stored<CoreEvent>[], nowMs: number): string {
  if (items.length === 0) return 'Events:  <none>\n'
  const rows = items
    .map(event => ({ event, last: event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp }))
    .sort((a, b) => (a.last < b.last ? -1 : 1))
    .map(({ event, last }) => [
      event.type ?? '',
      event.reason ?? '',
      age(event, last, nowMs),
      event.source.component ?? event.reportingComponent ?? '',
      (event.message ?? '').trim(),
    ])
  const table = formatTable({ headings: ['Type', 'Reason', 'Age', 'From', 'Message'], rows })
  return `Events:\n${table.replace(/^/gm, '  ').trimEnd()}\n`
}

function age({ count = 1, firstTimestamp }: CoreEvent, last: string, nowMs: number): string {
  const since = formatAge(last, nowMs)
  return count > 1 && firstTimestamp !== undefined
    ? `${since} (x${count} over ${formatAge(firstTimestamp, nowMs)})`
    : since
}
