import { Command, Option } from 'commander'
import { StatusError } from '../../api/errors.ts'
import { threeWayPatch } from '../apply/three-way-patch.ts'
import type { Context } from '../context.ts'
import { eachManifest, type PlacedManifest } from '../each-manifest.ts'
import { nameOf } from '../manifest-kind.ts'
import { type Manifest, type ManifestObject, readManifests } from '../manifests.ts'
import type { ResourceType } from '../resource-types.ts'
import { qualifiedName } from '../resources.ts'
import { collect } from './options.ts'

/** Where apply keeps what it applied, so that the next one knows what it may take away. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

interface Options {
  readonly filename?: readonly string[]
  readonly recursive?: boolean
  readonly dryRun?: 'none' | 'server'
}

export function applyCommand(context: Context): Command {
  return new Command('apply')
    .description('make objects be what files say: create them, or change what differs')
    .option('-f, --filename <file>', 'a file, a directory, or - for standard input; may be repeated', collect)
    .option('-R, --recursive', 'also read the directories inside a directory')
    .addOption(new Option('--dry-run <how>', 'server: check everything, change nothing').choices(['none', 'server']))
    .addHelpText(
      'after',
      '\nExamples:\n  tsctl apply -f manifests/pod.yaml\n  tsctl apply -f manifests/ -R\n  cat pod.yaml | tsctl apply -f -\n',
    )
    .action((options: Options) => {
      const dryRun = options.dryRun === 'server'
      const manifests = readManifests(options.filename ?? [], { recursive: options.recursive ?? false })
      const send = async ({ manifest, kind, namespace }: PlacedManifest): Promise<string> => {
        const result = await applyOne(context, manifest, kind, namespace, dryRun)
        return `${qualifiedName(kind, nameOf(manifest))} ${result}${dryRun ? ' (server dry run)' : ''}`
      }
      return eachManifest(context, manifests, send, 'applied')
    })
}

async function applyOne(
  context: Context,
  manifest: Manifest,
  kind: ResourceType,
  namespace: string | undefined,
  dryRun: boolean,
): Promise<'created' | 'configured' | 'unchanged'> {
  const client = context.client()
  const options = { dryRun, fieldManager: 'tsctl-client-side-apply' }
  const modified = withAnnotation(manifest, namespace)
  const name = nameOf(manifest)
  const current = await existing(context, kind, namespace, name)
  if (current === undefined) {
    await client.create(kind, modified, options)
    return 'created'
  }
  const applied = current.metadata.annotations?.[lastApplied]
  const original = applied === undefined ? undefined : (JSON.parse(applied) as ManifestObject)
  const patch = threeWayPatch(original, modified, { ...current }, kind.schema)
  if (patch === undefined) return 'unchanged'
  // Without a schema no list was merged, so that the patch says the same in the simpler form, which every type takes.
  const type = kind.schema === undefined ? 'application/merge-patch+json' : 'application/strategic-merge-patch+json'
  const body = { type, body: patch } as const
  const result = await client.patch(kind, { namespace, name }, body, options)
  return result.metadata.resourceVersion === current.metadata.resourceVersion ? 'unchanged' : 'configured'
}

async function existing(context: Context, kind: ResourceType, namespace: string | undefined, name: string) {
  try {
    return await context.client().get(kind, { namespace, name })
  } catch (error) {
    if (error instanceof StatusError && error.status.reason === 'NotFound') return undefined
    throw error
  }
}

/** The manifest as it goes to the server: in its namespace, and remembering itself. */
function withAnnotation({ object }: Manifest, namespace: string | undefined): ManifestObject {
  const metadata = { ...object.metadata, ...(namespace !== undefined && { namespace }) }
  const { [lastApplied]: _, ...annotations } = metadata.annotations ?? {}
  const applied = JSON.stringify({ ...object, metadata: { ...metadata, annotations } })
  return { ...object, metadata: { ...metadata, annotations: { ...annotations, [lastApplied]: `${applied}\n` } } }
}
