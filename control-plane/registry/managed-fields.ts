// Who set which fields (metadata.managedFields): where every create, update, patch and apply passes by, right before
// the object is validated.
import type { Kind, KubernetesObject } from '../../api/kinds/kind.ts'

/** One write, as the record of managers sees it. Objects are in the version they are stored in. */
export interface FieldWrite {
  /** The version in which the write came in, and in which its fields are named. */
  readonly kind: Kind
  /** What stands there; undefined: the object is created. */
  readonly live: KubernetesObject | undefined
  /** What shall stand there; its metadata is its own, to be written into. */
  readonly object: KubernetesObject
  /** The query's fieldManager, else the client's name of itself. */
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  /** '' for the object itself. */
  readonly subresource: string
  /** RFC 3339, whole seconds. */
  readonly time: string
}

/** Managers are not recorded: what a client says of them is dropped. */
export function manageFields({ object }: FieldWrite): void {
  delete object.metadata.managedFields
}
