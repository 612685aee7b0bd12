import { createReadStream, statSync } from 'node:fs'
import { Command } from 'commander'
import { isNotFound, RuntimeClient } from '../../client/runtime.ts'
import type { Context } from '../context.ts'
import { UsageError } from '../errors.ts'
import { formatBytes } from '../output/bytes.ts'
import { formatTable } from '../output/table.ts'

const defaultSocket = '/run/tessera/runtime.sock'

export function imageCommand(context: Context): Command {
  const command = new Command('image')
    .description("this node's images: import, list, remove")
    .option('--runtime-socket <path>', "the runtime's socket", defaultSocket)
    .addHelpText(
      'after',
      '\nExamples:\n  docker save demo:1 | tsctl image import -\n  tsctl image import rootfs.tar.gz --name demo:1\n  tsctl image ls\n  tsctl image rm demo:1\n',
    )
  const runtime = (): RuntimeClient => {
    const socketPath = command.opts<{ runtimeSocket: string }>().runtimeSocket
    if (statSync(socketPath, { throwIfNoEntry: false }) === undefined) {
      throw new UsageError(
        `no runtime listens at ${socketPath}: run this on a node (as root), or name its socket with --runtime-socket`,
      )
    }
    return new RuntimeClient({ socketPath })
  }

  command
    .command('import')
    .description('add images from an archive: docker save, an OCI layout, or a root file system')
    .argument('<archive>', 'a .tar or .tar.gz, or - for standard input')
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
        (repoTags.length > 0 ? repoTags : ['<none>']).map(tag => [
          tag,
          id.replace(/^sha256:/, '').slice(0, 12),
          formatBytes(size),
        ]),
      )
      context.stdout.write(formatTable({ headings: ['IMAGE', 'ID', 'SIZE'], rows }))
    })

  command
    .command('rm')
    .description('remove images from this node')
    .argument('<reference...>')
    .action(async (references: string[]) => {
      using client = runtime()
      for (const image of references) {
        try {
          const { image: found } = await client.imageStatus({ image: { image } })
          if (!found) throw new UsageError(`no image "${image}" on this node; \`tsctl image ls\` lists those there are`)
          await client.removeImage({ image: { image } })
        } catch (error) {
          if (!isNotFound(error)) throw error
        }
        context.stdout.write(`removed ${image}\n`)
      }
    })
  return command
}
