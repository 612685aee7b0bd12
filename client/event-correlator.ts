// Which event an occurrence belongs to: the same thing said again counts up, many similar things become one, and an
// object that is talked about without end is not talked about for a while. The rules and figures are client-go's.
import type { ObjectReference } from '../api/kinds/core-v1/references.ts'

/** Something that happened to an object. */
export interface Occurrence {
  readonly object: ObjectReference
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

/** One event as it stands: how often, since when, and what was said last. */
export interface Series {
  readonly occurrence: Occurrence
  /** Distinguishes series made at the same time. */
  readonly id: number
  readonly firstMs: number
  lastMs: number
  message: string
  count: number
}

/** Different messages for one reason within the window, above which they are told as one event. */
const mostMessages = 10
const windowMs = 600_000
/** Per object: this many at once, then one every five minutes. */
const burst = 25
const refillMs = 300_000
const mostRemembered = 4096

export class EventCorrelator {
  readonly #series = new Recent<Series>()
  readonly #similar = new Recent<{ messages: Set<string>; lastMs: number }>()
  readonly #buckets = new Recent<{ tokens: number; atMs: number }>()
  #ids = 0

  /** The series this occurrence made or continued; undefined when there were too many for its object. */
  observe(occurrence: Occurrence, nowMs: number): Series | undefined {
    const { object, type, reason } = occurrence
    const about = JSON.stringify([object.apiVersion, object.kind, object.namespace, object.name, object.uid])
    const similarKey = JSON.stringify([about, object.fieldPath, type, reason])
    const combined = this.#isCombined(similarKey, occurrence.message, nowMs)
    const message = combined ? `(combined from similar events): ${occurrence.message}` : occurrence.message
    const key = combined ? similarKey : JSON.stringify([similarKey, message])

    const known = this.#series.get(key)
    const series = known ?? { occurrence, id: ++this.#ids, firstMs: nowMs, lastMs: nowMs, message, count: 0 }
    series.count++
    series.lastMs = nowMs
    series.message = message
    this.#series.set(key, series)
    return this.#mayPass(about, nowMs) ? series : undefined
  }

  #isCombined(key: string, message: string, nowMs: number): boolean {
    const known = this.#similar.get(key)
    const similar = known && nowMs - known.lastMs <= windowMs ? known : { messages: new Set<string>(), lastMs: nowMs }
    similar.lastMs = nowMs
    if (similar.messages.size < mostMessages) similar.messages.add(message)
    this.#similar.set(key, similar)
    return similar.messages.size >= mostMessages && !similar.messages.has(message)
  }

  #mayPass(about: string, nowMs: number): boolean {
    const bucket = this.#buckets.get(about) ?? { tokens: burst, atMs: nowMs }
    bucket.tokens = Math.min(burst, bucket.tokens + (nowMs - bucket.atMs) / refillMs)
    bucket.atMs = nowMs
    this.#buckets.set(about, bucket)
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }
}

/** A map that forgets what was not set for the longest time. */
class Recent<T> {
  readonly #entries = new Map<string, T>()

  get(key: string): T | undefined {
    return this.#entries.get(key)
  }

  set(key: string, value: T): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= mostRemembered) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }
}
