// Where the cluster is and who we are: a kubeconfig, as kubectl reads it, with the gRPC address in the cluster's
// extension named `tessera`.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseYaml } from '../lib/yaml.ts'

/** What a connection needs to know. */
export interface ClusterConfig {
  /** The gRPC door, as host:port. */
  readonly address: string
  /** The REST door's URL, as the kubeconfig states it. */
  readonly server: string
  /** PEM: whom to trust. */
  readonly ca: Buffer
  /** PEM: who we are. */
  readonly cert: Buffer
  /** PEM. */
  readonly key: Buffer
  /** The name to expect in the server's certificate, when it isn't the address. */
  readonly tlsServerName?: string
  /** The context's default namespace. */
  readonly namespace: string
  readonly context: string
  /** The files read, for messages. */
  readonly source: string
}

export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError'
}

export const defaultKubeconfigPath = '/var/lib/tessera/pki/admin.kubeconfig'

/** The files to read: an explicit path, $TESSERA_KUBECONFIG, $KUBECONFIG (a list), or the administrator's own. */
export function kubeconfigPaths(explicit?: string, env: NodeJS.ProcessEnv = process.env): string[] {
  if (explicit !== undefined && explicit !== '') return [explicit]
  const list = env['TESSERA_KUBECONFIG'] || env['KUBECONFIG'] || defaultKubeconfigPath
  return list.split(path.delimiter).filter(file => file !== '')
}

/**
 * Loads the files and merges them as kubectl does: the first to name a thing wins, files that don't exist are passed
 * over as long as one does.
 * @param options.context another context than current-context
 * @throws KubeconfigError that names the file, the entry and what to do
 */
export function loadKubeconfig(
  explicit?: string,
  options: { readonly context?: string; readonly env?: NodeJS.ProcessEnv } = {},
): ClusterConfig {
  const paths = kubeconfigPaths(explicit, options.env)
  const files = paths.flatMap(file => {
    const text = read(file)
    return text === undefined ? [] : [parseFile(file, text)]
  })
  if (files.length === 0) {
    throw new KubeconfigError(
      `no kubeconfig at ${paths.join(', ')}: start a cluster with \`npm start\`, or name a kubeconfig with --kubeconfig or $TESSERA_KUBECONFIG`,
    )
  }
  return resolve(files, options.context)
}

interface File {
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
}

interface Named {
  readonly file: File
  readonly where: string
  readonly body: Readonly<Record<string, unknown>>
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT') return undefined
    if (code === 'EACCES') {
      throw new KubeconfigError(`cannot read ${file}: permission denied; run as the user who owns it (often root)`)
    }
    throw new KubeconfigError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function parseFile(file: string, text: string): File {
  let body: unknown
  try {
    ;[body] = parseYaml(text, file)
  } catch (error) {
    throw new KubeconfigError(`not a kubeconfig: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (!isRecord(body)) throw new KubeconfigError(`${file} is not a kubeconfig: expected a mapping at the top`)
  return { path: file, body }
}

function resolve(files: readonly File[], wanted: string | undefined): ClusterConfig {
  const source = files.map(file => file.path).join(', ')
  const context = wanted ?? files.map(file => text(file.body['current-context'])).find(name => name !== undefined)
  if (context === undefined) {
    throw new KubeconfigError(`${source}: current-context is not set; set it or choose one with --context`)
  }
  const chosen = find(files, 'contexts', 'context', context, source)
  const cluster = find(files, 'clusters', 'cluster', required(chosen, 'cluster'), source)
  const user = find(files, 'users', 'user', required(chosen, 'user'), source)
  const tlsServerName = text(cluster.body['tls-server-name'])
  return {
    address: grpcAddress(cluster),
    server: required(cluster, 'server'),
    ca: pem(cluster, 'certificate-authority'),
    cert: pem(user, 'client-certificate'),
    key: pem(user, 'client-key'),
    ...(tlsServerName !== undefined && { tlsServerName }),
    namespace: text(chosen.body['namespace']) ?? 'default',
    context,
    source,
  }
}

function find(files: readonly File[], list: string, key: string, name: string, source: string): Named {
  for (const file of files) {
    const entries = file.body[list]
    if (!Array.isArray(entries)) continue
    const entry: unknown = entries.find(item => isRecord(item) && item['name'] === name)
    if (!isRecord(entry)) continue
    const body = entry[key]
    const where = `${file.path}: ${list}[name=${name}].${key}`
    if (!isRecord(body)) throw new KubeconfigError(`${where} is missing or not a mapping`)
    return { file, where, body }
  }
  throw new KubeconfigError(`${source}: no entry named ${JSON.stringify(name)} in ${list}`)
}

function required(named: Named, field: string): string {
  const value = text(named.body[field])
  if (value === undefined) throw new KubeconfigError(`${named.where}.${field} is missing`)
  return value
}

/** The gRPC address: {name: tessera, extension: {grpc: host:port}} among the cluster's extensions. */
function grpcAddress(cluster: Named): string {
  const extensions = cluster.body['extensions']
  const entry: unknown = Array.isArray(extensions)
    ? extensions.find(item => isRecord(item) && item['name'] === 'tessera')
    : undefined
  const extension = isRecord(entry) ? entry['extension'] : undefined
  const address = isRecord(extension) ? text(extension['grpc']) : undefined
  if (address === undefined) {
    throw new KubeconfigError(
      `${cluster.where}.extensions has no entry {name: tessera, extension: {grpc: "HOST:PORT"}}, so this cluster is not Tessera's; name another kubeconfig with --kubeconfig or $TESSERA_KUBECONFIG (on a control-plane machine: ${defaultKubeconfigPath})`,
    )
  }
  if (!/^.+:\d{1,5}$/.test(address)) {
    throw new KubeconfigError(
      `${cluster.where}.extensions[name=tessera].extension.grpc is ${JSON.stringify(address)}, expected HOST:PORT`,
    )
  }
  return address
}

/** A PEM blob embedded as base64 in FIELD-data, or in the file FIELD names (relative to the kubeconfig). */
function pem(named: Named, field: string): Buffer {
  const data = text(named.body[`${field}-data`])
  if (data !== undefined) {
    const bytes = Buffer.from(data, 'base64')
    if (!bytes.includes('-----BEGIN ')) {
      throw new KubeconfigError(`${named.where}.${field}-data is not base64 of a PEM block`)
    }
    return bytes
  }
  const file = text(named.body[field])
  if (file === undefined) {
    throw new KubeconfigError(
      `${named.where} has neither ${field}-data nor ${field}; Tessera's gRPC door needs a client certificate and the cluster's CA`,
    )
  }
  const resolved = path.resolve(path.dirname(named.file.path), file)
  const content = read(resolved)
  if (content === undefined) throw new KubeconfigError(`${named.where}.${field}: no file ${resolved}`)
  return Buffer.from(content)
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
