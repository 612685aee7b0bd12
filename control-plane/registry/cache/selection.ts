// Which objects a list or a watch is about.
import type { ApiObject } from '../contract.ts'

export interface Selection {
  /** '': every namespace. */
  readonly namespace: string
  /** Asks everything: namespace and selectors. */
  readonly selects: (object: ApiObject) => boolean
  /** No selectors: the namespace says it all. */
  readonly everything: boolean
  /** At most the object with this cache key. */
  readonly key?: string
  /** At most the objects with this value of the resource's indexed field. */
  readonly indexed?: string
}
