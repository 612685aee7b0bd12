// A kind may be served in several versions and is stored in one: what of the stored objects one version shows.
import type { Kind, KubernetesObject } from '../../api/kinds/kind.ts'
import { encode, encoded } from './cache/codec.ts'
import { eventOf } from './cache/events.ts'
import type { ApiObject, Encoded, WatchEvent } from './contract.ts'

export interface ServedVersion {
  /** A stored object as this version shows it. */
  present(stored: Encoded): Encoded
  /** The same, where its JSON is not needed. */
  show(stored: ApiObject): ApiObject
  presentEvent(event: WatchEvent): WatchEvent
  toStorage(object: KubernetesObject): KubernetesObject
  fromStorage(object: KubernetesObject): KubernetesObject
}

const sameVersion: ServedVersion = {
  present: stored => stored,
  show: stored => stored,
  presentEvent: event => event,
  toStorage: object => object,
  fromStorage: object => object,
}

/** Of a kind as it is served; each object is converted once for all who read it. */
export function servedVersion({ storedAs, kind, apiVersion }: Kind): ServedVersion {
  if (storedAs === undefined) return sameVersion
  const objects = new WeakMap<ApiObject, Encoded>()
  const events = new WeakMap<WatchEvent, WatchEvent>()
  const fromStorage = (object: KubernetesObject): KubernetesObject => ({
    ...storedAs.fromStorage(object),
    kind,
    apiVersion,
  })
  const presentObject = (object: ApiObject): Encoded => {
    let shown = objects.get(object)
    if (shown === undefined) {
      const converted = fromStorage(object)
      shown = encoded(converted, encode(converted), object.metadata.resourceVersion)
      objects.set(object, shown)
    }
    return shown
  }
  return {
    present: ({ object }) => presentObject(object),
    show: object => presentObject(object).object,
    fromStorage,
    toStorage: object => ({
      ...storedAs.toStorage(object),
      kind: storedAs.storage.kind,
      apiVersion: storedAs.storage.apiVersion,
    }),
    presentEvent(event) {
      let shown = events.get(event)
      if (shown === undefined) {
        // A bookmark has nothing to convert: it only says of what kind it is.
        shown =
          event.type === 'BOOKMARK'
            ? eventOf('BOOKMARK', bookmarked({ ...event.object, kind, apiVersion }))
            : eventOf(event.type, presentObject(event.object))
        events.set(event, shown)
      }
      return shown
    },
  }
}

const bookmarked = (object: ApiObject): Encoded => {
  const { resourceVersion, annotations } = object.metadata
  const { kind, apiVersion } = object
  const metadata = { resourceVersion, ...(annotations && { annotations }) }
  return { object, json: Buffer.from(JSON.stringify({ kind, apiVersion, metadata })) }
}
