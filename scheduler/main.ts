// The scheduler as a program, or as a worker thread of the control plane.
import { parseArgs } from 'node:util'
import { isMainThread, workerData } from 'node:worker_threads'
import { GrpcClient } from '../client/grpc.ts'
import { KubeconfigError, loadKubeconfig } from '../client/kubeconfig.ts'
import { processSignal } from '../lib/abort.ts'
import { createLogger } from '../lib/logger.ts'
import { Scheduler } from './scheduler.ts'

export interface Config {
  /** Absent: $TESSERA_KUBECONFIG, $KUBECONFIG, or the administrator's. */
  readonly kubeconfig?: string | undefined
  /** Which pods to schedule: those whose spec.schedulerName it is. */
  readonly name?: string | undefined
}

const help = `Usage: scheduler [--kubeconfig FILE] [--name NAME]

Finds a node for every pod that has none.

  --kubeconfig FILE  how to reach the API (default: $TESSERA_KUBECONFIG, $KUBECONFIG,
                     or /var/lib/tessera/pki/admin.kubeconfig)
  --name NAME        schedule the pods whose spec.schedulerName is NAME (default: default-scheduler)
  -h, --help         print this

Example: scheduler --kubeconfig /var/lib/tessera/pki/scheduler.kubeconfig
`

/**
 * Schedules until the signal aborts.
 * @throws KubeconfigError
 */
export async function run(config: Config, signal: AbortSignal): Promise<void> {
  const logger = createLogger('scheduler')
  const client = new GrpcClient(loadKubeconfig(config.kubeconfig), 'kube-scheduler')
  try {
    await new Scheduler({ client, logger, ...(config.name !== undefined && { name: config.name }) }, signal).run()
  } finally {
    client.close()
  }
}

/** @throws TypeError for an unknown flag */
function parseFlags(args: string[]): Config & { readonly help?: boolean | undefined } {
  const options = {
    kubeconfig: { type: 'string' },
    name: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const
  return parseArgs({ args, options }).values
}

async function main(): Promise<void> {
  try {
    const config = parseFlags(process.argv.slice(2))
    if (config.help) process.stdout.write(help)
    else await run(config, processSignal())
  } catch (error) {
    const expected = error instanceof KubeconfigError || isFlagError(error)
    process.stderr.write(
      `scheduler: ${expected ? error.message : String(error instanceof Error ? error.stack : error)}\n`,
    )
    process.exitCode = 1
  }
}

const isFlagError = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')

/** In a worker, the thread that made it ends it (worker.terminate), and its errors reach that thread by themselves. */
if (isMainThread) await main()
else await run(workerData as Config, new AbortController().signal)
