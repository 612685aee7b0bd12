import { Command } from 'commander'
import { pods } from '../../api/kinds/core-v1/pod.ts'
import type { Context } from '../context.ts'
import { containerNames, defaultContainer } from '../default-container.ts'
import { UsageError } from '../errors.ts'
import { integer, seconds } from './options.ts'

interface Options {
  readonly container?: string
  readonly follow?: boolean
  readonly previous?: boolean
  readonly timestamps?: boolean
  readonly tail?: number
  readonly since?: number
  readonly limitBytes?: number
  readonly allContainers?: boolean
}

export function logsCommand(context: Context): Command {
  return new Command('logs')
    .description("print what a pod's container wrote")
    .argument('<pod>', 'hello · pod/hello')
    .argument('[container]')
    .option('-c, --container <name>', "which container; the pod's first by default")
    .option('-f, --follow', 'go on as more is written')
    .option('-p, --previous', "the container's run before the present one")
    .option('--timestamps', 'the time of each line')
    .option('--tail <lines>', 'only the last lines', integer)
    .option('--since <duration>', 'only what is newer than 90s, 5m, 1h', seconds)
    .option('--limit-bytes <bytes>', 'at most this much', integer)
    .option('--all-containers', 'every container of the pod, one after the other')
    .addHelpText(
      'after',
      '\nExamples:\n  tsctl logs hello -c visitor\n  tsctl logs -f clock --tail 10\n  tsctl logs hello -c web --previous\n',
    )
    .action(async (target: string, positional: string | undefined, options: Options) => {
      const pod = target.replace(/^(pods?|po)\//, '')
      const namespace = context.namespace()
      const one = options.container ?? positional
      const containers = options.allContainers
        ? await allContainers(context, pod)
        : [one ?? (await defaultContainer(context, pod))]
      if (options.allContainers && options.follow && containers.length > 1) {
        throw new UsageError('--follow reads one container at a time: name it with -c')
      }
      for (const container of containers) {
        const chunks = context.client().logs(
          {
            namespace,
            pod,
            container,
            follow: options.follow ?? false,
            previous: options.previous ?? false,
            timestamps: options.timestamps ?? false,
            ...(options.tail !== undefined && options.tail >= 0 && { tailLines: options.tail }),
            ...(options.since !== undefined && { sinceSeconds: Math.ceil(options.since) }),
            ...(options.limitBytes !== undefined && { limitBytes: options.limitBytes }),
          },
          context.signal,
        )
        for await (const chunk of chunks) {
          if (!context.stdout.write(chunk)) await new Promise(resolve => context.stdout.once('drain', resolve))
        }
      }
    })
}

async function allContainers(context: Context, name: string): Promise<string[]> {
  return containerNames(await context.client().get(pods, { namespace: context.namespace(), name }))
}
