import { createReadStream, statSync } from 'node:fs'
import { Command } from 'commander'
import { RuntimeClient, RuntimeError } from '../../client/runtime.ts'
import type { Context } from '../context.ts'
import { explainError, UsageError } from '../errors.ts'
import { localRuntimeSocket } from '../local-runtime.ts'
import { formatBytes } from '../output/bytes.ts'
import { formatTable } from '../output/table.ts'

export function imageCommand(context: Context): Command {
  const command = new Command('image')
    .description("this node's images: import, list, remove")
    .option('--runtime-socket <path>', "of a node's runtime, instead of the cluster's node on this machine")
    .addHelpText(
      'after',
      '\nExamples:\n  docker save demo:1 | tsctl image import -\n  tsctl image import rootfs.tar.gz --name demo:1\n  tsctl image ls\n  tsctl image rm demo:1\n',
    )
  const runtime = (): RuntimeClient => {
    const { runtimeSocket } = command.opts<{ runtimeSocket?: string }>()
    return new RuntimeClient({ socketPath: localRuntimeSocket(context, runtimeSocket) })
  }

  command
    .command('import')
    .description('add images from an archive: docker save, an OCI layout, or a root file system')
    .argument('<archive>', 'a .tar, plain or compressed with gzip or zstd, or - for standard input')
    .option('--name <reference>', 'what to call it; needed for a root file system')
    .action(async (archive: string, options: { name?: string }) => {
      if (archive !== '-' && !statSync(archive, { throwIfNoEntry: false })?.isFile()) {
        throw new UsageError(`no file "${archive}"`)
      }
      using client = runtime()
      const stream = archive === '-' ? context.stdin : createReadStream(archive, { highWaterMark: 1 << 20 })
      const images = await client.importImage(stream, {
        signal: context.signal,
        ...(options.name !== undefined && { reference: options.name }),
        onProgress: ({ step }) => context.stderr.write(`${step}\n`),
      })
      for (const { id = '', references = [] } of images) {
        context.stdout.write(`imported ${references.join(', ') || id}\n`)
      }
    })

  command
    .command('ls')
    .description('list the images of this node')
    .action(async () => {
      using client = runtime()
      const { images = [] } = await client.listImages({})
      const rows = images.flatMap(({ id = '', repoTags = [], size = 0 }) =>
        (repoTags.length > 0 ? repoTags : ['<none>']).map(tag => [tag, shortId(id), formatBytes(size)]),
      )
      context.stdout.write(formatTable({ headings: ['IMAGE', 'ID', 'SIZE'], rows }))
    })

  command
    .command('rm')
    .description('remove images from this node, each with all its names')
    .argument('<reference...>')
    .action(async (references: string[]) => {
      using client = runtime()
      await removeImages(context, client, references)
    })
  return command
}

/** Removes what there is; says which names go, and for what cannot be removed why not. */
async function removeImages(context: Context, client: RuntimeClient, references: readonly string[]): Promise<void> {
  const refuse = (error: unknown): void => {
    context.stderr.write(`${explainError(error)}\n`)
    context.exitCode = 1
  }
  // All are looked up before any goes: several names may be one image's.
  const found = new Map<string, readonly string[]>()
  for (const reference of references) {
    try {
      const { image } = await client.imageStatus({ image: { image: reference } })
      if (image?.id) found.set(image.id, image.repoTags ?? [])
      else refuse(new UsageError(`no image "${reference}" on this node; \`tsctl image ls\` lists those there are`))
    } catch (error) {
      if (!isRefusal(error)) throw error
      refuse(error)
    }
  }
  for (const [id, names] of found) {
    try {
      await client.removeImage({ image: { image: id } })
      for (const name of names.length > 0 ? names : [id]) context.stdout.write(`removed ${name}\n`)
    } catch (error) {
      if (!isRefusal(error)) throw error
      refuse(error)
    }
  }
}

/** The runtime said no to this one image; to another it may say yes. */
function isRefusal(error: unknown): boolean {
  return error instanceof RuntimeError && error.code !== 'UNAVAILABLE' && error.code !== 'CANCELLED'
}

function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12)
}
