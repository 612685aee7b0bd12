// The registry: every verb on every kind over one store. `contract.ts` says what it offers.
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Store } from '../store/store.ts'
import type { Registry } from './contract.ts'

export type * from './contract.ts'

export interface RegistryOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  readonly signal: AbortSignal
  /** No other process writes to this store (the embedded one): reads then cost no round trip to it. */
  readonly exclusive?: boolean
  /** Where Services get their addresses from; default 10.96.0.0/16. */
  readonly serviceCidr?: string
  /** Inclusive; default 30000 to 32767. */
  readonly nodePorts?: { readonly from: number; readonly to: number }
}

/** Opens the registry: fills the caches from the store and keeps them until the signal aborts. */
export async function createRegistry(options: RegistryOptions): Promise<Registry> {
  throw new Error(`not yet: ${options.serviceCidr}`)
}
