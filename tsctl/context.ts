// What every command gets: where to write, where the cluster is, and a client made when first asked for.
import type { Client } from '../client/client.ts'
import { GrpcClient } from '../client/grpc.ts'
import { type ClusterConfig, loadKubeconfig } from '../client/kubeconfig.ts'
import { type ResourceType, resourceTypes } from './resource-types.ts'

export interface GlobalOptions {
  readonly kubeconfig?: string
  readonly context?: string
  readonly namespace?: string
}

export interface Context {
  readonly stdout: NodeJS.WritableStream & {
    readonly isTTY?: boolean
    readonly columns?: number
    readonly rows?: number
  }
  readonly stderr: NodeJS.WritableStream
  readonly stdin: NodeJS.ReadStream
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal
  options(): GlobalOptions
  cluster(): ClusterConfig
  /** The namespace asked for, or the kubeconfig's. */
  namespace(): string
  client(): Client
  /** The types of objects the server has; asked once. */
  types(): Promise<readonly ResourceType[]>
  /** Milliseconds since 1970. */
  now(): number
  /** What the process will exit with. */
  exitCode: number
}

/** @param options read when first needed: the command line is parsed by then */
export function createContext(options: () => GlobalOptions, signal: AbortSignal): Context & Disposable {
  let cluster: ClusterConfig | undefined
  let client: Client | undefined
  let types: Promise<readonly ResourceType[]> | undefined
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    signal,
    options,
    exitCode: 0,
    now: () => Date.now(),
    cluster() {
      const { kubeconfig, context } = options()
      cluster ??= loadKubeconfig(kubeconfig, context === undefined ? {} : { context })
      return cluster
    },
    namespace() {
      return options().namespace ?? this.cluster().namespace
    },
    client() {
      client ??= new GrpcClient(this.cluster(), 'tsctl')
      return client
    },
    types() {
      types ??= resourceTypes(this.client())
      return types
    },
    [Symbol.dispose]() {
      client?.close()
    },
  }
}
