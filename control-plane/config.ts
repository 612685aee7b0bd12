// The control plane's flags.
import { hostname } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { dns1123SubdomainErrors } from '../api/values/names.ts'
import { storeUrls } from './store/open.ts'

interface Address {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
}

export interface Config {
  /** See store/open.ts. */
  readonly store: string
  readonly pkiDirectory: string
  readonly listen: Address
  readonly grpcListen: Address
  /** The host that kubeconfigs name. */
  readonly advertiseHost: string
  /** More names and addresses for the server's certificate. */
  readonly extraNames: readonly string[]
  /** Nodes to write kubeconfigs for. */
  readonly nodeKubeconfigs: readonly string[]
  readonly withScheduler: boolean
}

export const help = `Usage: control-plane [options]

Serves the Kubernetes API over REST and gRPC, keeps its objects in a store, and runs the controllers.

  --store URL              where objects are kept: ${storeUrls.replace(', etcd', ',\n                           etcd')}
                           (default: embedded:DATA-DIR/store)
  --data-dir DIR           holds the embedded store and the certificates (default: /var/lib/tessera)
  --pki-dir DIR            certificates and kubeconfigs, made when missing (default: DATA-DIR/pki)
  --listen HOST:PORT       the REST API, for kubectl and its like (default: 127.0.0.1:6443)
  --grpc-listen HOST:PORT  the gRPC API, for tsctl, scheduler and node agents (default: 127.0.0.1:6444)
  --advertise-address HOST how clients reach this machine; kubeconfigs name it (default: the host of --listen)
  --extra-san NAME         another host name or address for the server's certificate; may be repeated
  --node-kubeconfig NODE   writes PKI-DIR/node-NODE.kubeconfig for a node's agent; may be repeated
  --with-scheduler         runs the scheduler too, in a thread of its own
  -h, --help               prints this

Examples:
  control-plane --with-scheduler --node-kubeconfig $(hostname)
  control-plane --store etcd://10.0.0.1:2379,10.0.0.2:2379 --listen 0.0.0.0:6443 \\
    --grpc-listen 0.0.0.0:6444 --advertise-address 10.0.0.1 --extra-san api.example.com
`

/** Something a user can put right; its message says how. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const flags = {
  store: { type: 'string' },
  'data-dir': { type: 'string', default: '/var/lib/tessera' },
  'pki-dir': { type: 'string' },
  listen: { type: 'string', default: '127.0.0.1:6443' },
  'grpc-listen': { type: 'string', default: '127.0.0.1:6444' },
  'advertise-address': { type: 'string' },
  'extra-san': { type: 'string', multiple: true },
  'node-kubeconfig': { type: 'string', multiple: true },
  'with-scheduler': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** @returns undefined when help was asked for. @throws ConfigError that names the flag */
export function parseConfig(args: readonly string[]): Config | undefined {
  const values = parseFlags(args)
  if (values.help) return undefined
  const dataDirectory = path.resolve(values['data-dir'])
  const listen = parseAddress('--listen', values.listen)
  const grpcListen = parseAddress('--grpc-listen', values['grpc-listen'])
  if (listen.port !== 0 && listen.host === grpcListen.host && listen.port === grpcListen.port) {
    throw new ConfigError(`--listen and --grpc-listen are both ${values.listen}: give each a port of its own`)
  }
  const advertiseHost = values['advertise-address'] ?? (isEverywhere(listen.host) ? hostname() : listen.host)
  if (advertiseHost === '' || /[\s/]/.test(advertiseHost)) {
    throw new ConfigError(`--advertise-address ${JSON.stringify(advertiseHost)}: expected a host name or an IP address`)
  }
  const nodeKubeconfigs = values['node-kubeconfig'] ?? []
  for (const node of nodeKubeconfigs) {
    const [error] = dns1123SubdomainErrors(node)
    if (error !== undefined) throw new ConfigError(`--node-kubeconfig ${JSON.stringify(node)}: a node's name: ${error}`)
  }
  return {
    store: values.store ?? `embedded:${path.join(dataDirectory, 'store')}`,
    pkiDirectory: path.resolve(values['pki-dir'] ?? path.join(dataDirectory, 'pki')),
    listen,
    grpcListen,
    advertiseHost,
    extraNames: values['extra-san'] ?? [],
    nodeKubeconfigs,
    withScheduler: values['with-scheduler'],
  }
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags }).values
  } catch (error) {
    throw new ConfigError(`${error instanceof Error ? error.message : String(error)} (see --help)`)
  }
}

/** HOST:PORT, an IPv6 address in brackets. */
function parseAddress(flag: string, text: string): Address {
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  if (host === undefined || port > 65_535) {
    throw new ConfigError(`${flag} ${JSON.stringify(text)}: expected HOST:PORT, as in 127.0.0.1:6443 or [::]:6443`)
  }
  return { host, port }
}

const isEverywhere = (host: string): boolean => host === '0.0.0.0' || host === '::'

/** HOST:PORT, as URLs and kubeconfigs have it. */
export const addressText = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
