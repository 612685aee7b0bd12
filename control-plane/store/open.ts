// From a URL to the store it names.
import type { Logger } from '../../lib/logger.ts'
import { openEmbeddedStore } from './embedded.ts'
import type { Store } from './store.ts'

export interface OpenOptions {
  readonly logger?: Logger
}

/** What --store accepts, for messages and help. */
export const storeUrls = 'embedded:/PATH, etcd://HOST:PORT[,HOST:PORT…] (or etcds:// for TLS), redis://HOST:PORT'

/**
 * Opens the store a URL names: `embedded:/var/lib/tessera/store`, `etcd://10.0.0.1:2379,10.0.0.2:2379`.
 * @throws Error that names the URL when it is none of these; StoreUnavailableError when it can't be reached
 */
export async function openStore(url: string, options: OpenOptions = {}): Promise<Store> {
  const scheme = url.slice(0, Math.max(0, url.indexOf(':')))
  switch (scheme) {
    case 'embedded': {
      const directory = url.slice('embedded:'.length).replace(/^\/\//, '')
      if (!directory.startsWith('/'))
        throw new Error(`--store ${url}: give an absolute path, as in embedded:/var/lib/tessera/store`)
      return openEmbeddedStore(directory, options)
    }
    default:
      throw new Error(`--store ${url}: not a store; known are ${storeUrls}`)
  }
}
