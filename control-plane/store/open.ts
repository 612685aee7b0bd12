// From a URL to the store it names. Each driver loads its package when it is opened, so a start waits for one only.
import type { Logger } from '../../lib/logger.ts'
import { openEmbeddedStore } from './embedded.ts'
import { openEtcdStore } from './etcd.ts'
import { openRedisStore } from './redis.ts'
import type { Store } from './store.ts'

export interface OpenOptions {
  readonly logger?: Logger
  /** For etcds://: PEM files' contents. */
  readonly credentials?: {
    readonly rootCertificate: Buffer
    readonly privateKey?: Buffer
    readonly certChain?: Buffer
  }
}

/** What --store accepts, for messages and help. */
export const storeUrls =
  'embedded:/PATH, etcd://HOST:PORT[,HOST:PORT…] (etcds:// for TLS), redis://HOST:PORT (rediss://)'

/**
 * Opens the store a URL names: `embedded:/var/lib/tessera/store`, `etcd://10.0.0.1:2379,10.0.0.2:2379`.
 * @throws Error that names the URL when it is none of these; StoreUnavailableError when it can't be reached
 */
export async function openStore(url: string, options: OpenOptions = {}): Promise<Store> {
  const colon = url.indexOf(':')
  const [scheme, rest] = [url.slice(0, Math.max(0, colon)), url.slice(colon + 1).replace(/^\/\//, '')]
  switch (scheme) {
    case 'embedded':
      if (!rest.startsWith('/')) {
        throw new Error(`--store ${url}: give an absolute path, as in embedded:/var/lib/tessera/store`)
      }
      return openEmbeddedStore(rest, options)
    case 'etcd':
    case 'etcds':
      return openEtcdStore({
        ...options,
        endpoints: endpoints(url, rest, scheme === 'etcds' ? 'https' : 'http'),
      })
    case 'redis':
    case 'rediss':
      return openRedisStore({ ...options, url: redisUrl(url) })
    default:
      throw new Error(`--store ${url}: not a store; known are ${storeUrls}`)
  }
}

function endpoints(url: string, hosts: string, protocol: string): string[] {
  return hosts.split(',').map(host => {
    const address = host.replace(/^https?:\/\//, '').replace(/\/$/, '')
    if (!/^(\[[0-9a-fA-F:.]+\]|[^:/@]+):\d{1,5}$/.test(address)) {
      throw new Error(`--store ${url}: expected HOST:PORT, not ${JSON.stringify(host)}`)
    }
    return `${protocol}://${address}`
  })
}

function redisUrl(url: string): string {
  if (!URL.canParse(url) || new URL(url).hostname === '') {
    throw new Error(`--store ${url}: expected redis://[USER:PASSWORD@]HOST:PORT[/DATABASE]`)
  }
  return url
}
