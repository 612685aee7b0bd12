// What of a kind's behaviour needs the store or the cluster, found by the kind's identity. All else stands in the
// kind's entry (api/kinds).
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import type { RequestContext, Target, Written } from '../contract.ts'

/** Something a write takes that only so many may have, as an address. Taken before the write, kept or given back after. */
export interface Reservation {
  /** The write happened. */
  confirm(): Promise<void>
  /** It did not. */
  abandon(): Promise<void>
}

/** A POST that does something: `body` is decoded, defaulted, admitted and valid. */
export interface ActionRequest {
  readonly target: Target
  readonly body: KubernetesObject
  readonly context: RequestContext
}

/** @throws StatusError */
export type ActionFunction = (request: ActionRequest) => Promise<Omit<Written, 'warnings'>>

export interface RegistryStrategy<T extends KubernetesObject = KubernetesObject> {
  /** Something besides finalizers in metadata holds the object back when it is deleted. */
  holdsDeletion?(object: T): boolean
  /** Sets what a deletion that waits shows; what the object's fields hold is shared. */
  prepareForDeletion?(object: T): void

  /** Takes what the object needs and writes it into the object. @throws StatusError when there is none left */
  reserve?(object: T, old: T | undefined): Promise<Reservation>
  /** Gives back what an object had that is gone. */
  release?(object: T): Promise<void>

  /** What a POST does, by subresource; '' for kinds of which nothing is stored. */
  readonly actions?: Readonly<Record<string, ActionFunction>>
}
