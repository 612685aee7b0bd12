// What a kind does its own way. A kind without a strategy behaves as its schema says.
import type { KubernetesObject } from '../../../api/kinds/kind.ts'

/** A fresh copy that a verb is still writing to: its metadata, and the fields themselves, but never what they hold. */
export interface Draft extends KubernetesObject {
  spec?: unknown
  status?: unknown
}

/** Something a write takes that only one object may have, as an address. Taken before the write, kept or given back after. */
export interface Claims {
  /** The write happened. */
  confirm(): Promise<void>
  /** It did not. */
  abandon(): Promise<void>
}

export interface Strategy<T extends KubernetesObject = KubernetesObject> {
  /** A change of anything but metadata and status counts up `metadata.generation`; default: if there is a status. */
  readonly tracksGeneration?: boolean
  /** What a new object says of its status is kept; default false: status is what the cluster reports. */
  readonly createsStatus?: boolean
  /** An update without resourceVersion overwrites; default true. */
  readonly unconditionalUpdate?: boolean
  /** The field selector's name of a field that many readers select one value of. */
  readonly indexedField?: string
  /** Objects vanish this long after they were last written. */
  readonly ttlSeconds?: number
  /** A delete answers the object, not a Status. */
  readonly answersDeleted?: boolean

  /** Sets what a new object begins with; what it holds is the draft's own. */
  prepareCreate?(draft: T): void
  /** Sets what an update must not change or what follows from it. */
  prepareUpdate?(draft: T, current: T): void
  prepareStatusUpdate?(draft: T, current: T): void

  /** How long a deletion waits for whoever runs the object; undefined: such objects have no grace. */
  gracePeriodSeconds?(object: T, requested: number | undefined): number | undefined
  /** @throws StatusError when an object must never be deleted */
  refuseDeletion?(object: T): void
  /** Something besides finalizers in metadata holds the object back when it is deleted. */
  holdsDeletion?(object: T): boolean
  /** Sets what a deletion that waits shows. */
  prepareDeletion?(draft: T): void

  /** What an update of a subresource other than status makes of the object; undefined: there is no such update. */
  updateSubresource?(name: string, sent: T, current: T): T | undefined

  /** Takes what the draft needs and writes it into the draft. @throws StatusError when there is none left */
  claim?(draft: T, current: T | undefined): Promise<Claims>
  /** Gives back what an object had that is gone. */
  release?(object: T): Promise<void>
}
