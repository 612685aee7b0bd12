import { Command, Option } from 'commander'
import type { Context } from '../context.ts'
import { eachManifest, type PlacedManifest } from '../each-manifest.ts'
import { readManifests } from '../manifests.ts'
import { qualifiedName } from '../resources.ts'
import { collect } from './options.ts'

interface Options {
  readonly filename?: readonly string[]
  readonly recursive?: boolean
  readonly dryRun?: 'none' | 'server'
}

export function createCommand(context: Context): Command {
  return new Command('create')
    .description('create objects from files; one that exists is an error')
    .option('-f, --filename <file>', 'a file, a directory, or - for standard input; may be repeated', collect)
    .option('-R, --recursive', 'also read the directories inside a directory')
    .addOption(new Option('--dry-run <how>', 'server: check everything, create nothing').choices(['none', 'server']))
    .addHelpText('after', '\nExamples:\n  tsctl create -f manifests/pod.yaml\n  tsctl create -f - < pod.yaml\n')
    .action((options: Options) => {
      const dryRun = options.dryRun === 'server'
      const manifests = readManifests(options.filename ?? [], { recursive: options.recursive ?? false })
      const send = async ({ manifest, kind, namespace }: PlacedManifest): Promise<string> => {
        const { metadata } = manifest.object
        const object = { ...manifest.object, metadata: { ...metadata, ...(namespace !== undefined && { namespace }) } }
        const created = await context.client().create(kind, object, { dryRun, fieldManager: 'tsctl-create' })
        return `${qualifiedName(kind, created.metadata.name)} created${dryRun ? ' (server dry run)' : ''}`
      }
      return eachManifest(context, manifests, send, 'created')
    })
}
