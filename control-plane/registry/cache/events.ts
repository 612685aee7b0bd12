// What happened to one object, and the events watchers see of it: each is made once, for all of them.
import type { Revision } from '../../store/store.ts'
import type { ApiObject, Encoded, WatchEvent, WatchEventType } from '../contract.ts'
import { atRevision } from './codec.ts'

/** One write as the cache saw it: `before` and `after`, not both undefined. */
export class Change {
  readonly revision: Revision
  readonly before: Encoded | undefined
  readonly after: Encoded | undefined
  readonly #events = new Map<WatchEventType, WatchEvent>()

  constructor(revision: Revision, before: Encoded | undefined, after: Encoded | undefined) {
    this.revision = revision
    this.before = before
    this.after = after
  }

  /** As somebody sees it who selects some objects: one that enters is ADDED, one that leaves is DELETED as it last was. */
  seenBy(selects: (object: ApiObject) => boolean): WatchEvent | undefined {
    const was = this.before !== undefined && selects(this.before.object)
    const is = this.after !== undefined && selects(this.after.object)
    if (is) return this.#event(was ? 'MODIFIED' : 'ADDED')
    return was ? this.#event('DELETED') : undefined
  }

  #event(type: WatchEventType): WatchEvent | undefined {
    let event = this.#events.get(type)
    if (event === undefined) {
      const subject = type === 'DELETED' ? this.before && atRevision(this.before, this.revision) : this.after
      if (subject === undefined) return undefined
      event = eventOf(type, subject)
      this.#events.set(type, event)
    }
    return event
  }
}

/** What a watch tells of an object. */
export const eventOf = (type: WatchEventType, object: Encoded): WatchEvent => new SharedEvent(type, object)

/** A present object, for somebody who starts to watch. */
export const added = (present: Encoded): WatchEvent => eventOf('ADDED', present)

/** Where a watch stands. */
export function bookmark(kind: string, apiVersion: string, revision: Revision, initialEventsEnd = false): WatchEvent {
  const metadata = {
    resourceVersion: String(revision),
    ...(initialEventsEnd && { annotations: { 'k8s.io/initial-events-end': 'true' } }),
  }
  const json = Buffer.from(JSON.stringify({ kind, apiVersion, metadata }))
  return eventOf('BOOKMARK', {
    object: { kind, apiVersion, metadata: { name: '', uid: '', creationTimestamp: '', ...metadata } },
    json,
  })
}

class SharedEvent implements WatchEvent {
  readonly type: WatchEventType
  readonly object: ApiObject
  readonly json: Buffer
  #frame: Buffer | undefined

  constructor(type: WatchEventType, { object, json }: Encoded) {
    this.type = type
    this.object = object
    this.json = json
  }

  get frame(): Buffer {
    this.#frame ??= Buffer.concat([Buffer.from(`{"type":"${this.type}","object":`), this.json, Buffer.from('}\n')])
    return this.#frame
  }
}
