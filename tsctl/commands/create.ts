import { Command, Option } from 'commander'
import { StatusError } from '../../api/errors.ts'
import type { Context } from '../context.ts'
import { UsageError } from '../errors.ts'
import { kindOf, namespaceOf } from '../manifest-kind.ts'
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
    .action(async (options: Options) => {
      const planned = readManifests(options.filename ?? [], { recursive: options.recursive ?? false }).map(manifest => {
        const kind = kindOf(manifest)
        return { manifest, kind, namespace: namespaceOf(manifest, kind, context) }
      })
      const dryRun = options.dryRun === 'server'
      let failed = 0
      for (const { manifest, kind, namespace } of planned) {
        try {
          const { metadata } = manifest.object
          const object = {
            ...manifest.object,
            metadata: { ...metadata, ...(namespace !== undefined && { namespace }) },
          }
          const created = await context.client().create(kind, object, { dryRun, fieldManager: 'tsctl-create' })
          context.stdout.write(
            `${qualifiedName(kind, created.metadata.name)} created${dryRun ? ' (server dry run)' : ''}\n`,
          )
        } catch (error) {
          if (!(error instanceof StatusError) || planned.length === 1) throw error
          failed++
          context.stderr.write(`${manifest.source}: ${error.message}\n`)
        }
      }
      if (failed > 0) throw new UsageError(`${failed} of ${planned.length} objects could not be created`)
    })
}
