import { Command } from 'commander'
import { StatusError } from '../../api/errors.ts'
import type { Context } from '../context.ts'
import { UsageError } from '../errors.ts'
import { kindOf, nameOf, namespaceOf } from '../manifest-kind.ts'
import { readManifests } from '../manifests.ts'
import type { ResourceType } from '../resource-types.ts'
import { qualifiedName, selectResources } from '../resources.ts'
import { collect, integer } from './options.ts'

interface Options {
  readonly filename?: readonly string[]
  readonly recursive?: boolean
  readonly selector?: string
  readonly all?: boolean
  readonly gracePeriod?: number
  readonly force?: boolean
  readonly now?: boolean
  readonly wait: boolean
  readonly ignoreNotFound?: boolean
}

interface Target {
  readonly kind: ResourceType
  readonly namespace: string | undefined
  readonly name: string
}

export function deleteCommand(context: Context): Command {
  return new Command('delete')
    .description('delete objects and wait until they are gone')
    .argument('[type-and-names...]', 'pod hello · pod/hello service/web')
    .option('-f, --filename <file>', 'delete the objects of a file, a directory, or - for standard input', collect)
    .option('-R, --recursive', 'also read the directories inside a directory')
    .option('-l, --selector <labels>', 'those with these labels, such as app=hello,tier!=cache')
    .option('--all', 'every object of the type in the namespace')
    .option('--grace-period <seconds>', 'how long containers get to end by themselves', integer)
    .option('--force', 'do not wait for the node; with --grace-period=0')
    .option('--now', 'one second of grace')
    .option('--no-wait', 'return once the deletion is accepted')
    .option('--ignore-not-found', 'an object that is not there counts as deleted')
    .addHelpText(
      'after',
      '\nExamples:\n  tsctl delete -f manifests/pod.yaml\n  tsctl delete pod hello --now\n  tsctl delete pods -l app=hello\n',
    )
    .action(async (args: string[], options: Options) => {
      const targets =
        options.filename !== undefined ? await fromFiles(context, options) : await fromArguments(context, args, options)
      if (targets.length === 0) context.stdout.write('No resources found\n')
      const pending = []
      for (const target of targets) if (await deleteOne(context, target, options)) pending.push(target)
      if (options.wait) await Promise.all(pending.map(target => gone(context, target)))
    })
}

async function fromFiles(context: Context, options: Options): Promise<Target[]> {
  const types = await context.types()
  return readManifests(options.filename ?? [], { recursive: options.recursive ?? false })
    .map(manifest => {
      const kind = kindOf(types, manifest)
      return { kind, namespace: namespaceOf(manifest, kind, context), name: nameOf(manifest) }
    })
    .reverse()
}

async function fromArguments(context: Context, args: string[], options: Options): Promise<Target[]> {
  const targets: Target[] = []
  for (const { kind, names } of selectResources(await context.types(), args)) {
    const namespace = kind.namespaced ? context.namespace() : undefined
    if (names.length > 0) {
      targets.push(...names.map(name => ({ kind, namespace, name })))
    } else if (options.selector !== undefined || options.all) {
      const { items } = await context.client().list(kind, { namespace, labelSelector: options.selector })
      targets.push(...items.map(({ metadata }) => ({ kind, namespace: metadata.namespace, name: metadata.name })))
    } else {
      throw new UsageError(`which ${kind.resource}? Give their names, labels (-l), or --all`)
    }
  }
  return targets
}

/** @returns whether the object is still there, waiting for its grace period or finalizers */
async function deleteOne(context: Context, target: Target, options: Options): Promise<boolean> {
  const { kind, namespace, name } = target
  const gracePeriodSeconds = options.now ? 1 : options.force ? (options.gracePeriod ?? 0) : options.gracePeriod
  try {
    const pending = await context.client().delete(
      kind,
      { namespace, name },
      {
        propagationPolicy: 'Background',
        ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
      },
    )
    const [type] = qualifiedName(kind, name).split('/')
    context.stdout.write(
      `${type ?? kind.singular} "${name}" ${options.force ? 'force deleted' : 'deleted'}${namespace === undefined ? '' : ` from ${namespace} namespace`}\n`,
    )
    return pending !== undefined
  } catch (error) {
    if (options.ignoreNotFound && error instanceof StatusError && error.status.reason === 'NotFound') return false
    throw error
  }
}

async function gone(context: Context, { kind, namespace, name }: Target): Promise<void> {
  const done = new AbortController()
  const signal = AbortSignal.any([context.signal, done.signal])
  try {
    const { metadata } = await context.client().get(kind, { namespace, name })
    const events = context.client().watch(kind, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
      resourceVersion: metadata.resourceVersion,
      signal,
    })
    for await (const event of events) if (event.type === 'DELETED') return
  } catch (error) {
    if (!(error instanceof StatusError && error.status.reason === 'NotFound')) throw error
  } finally {
    done.abort()
  }
}
