// Tells users what happened to their objects, as core/v1 Events. Repetitions count up instead of piling up, and nobody
// who records ever waits: what can't be written in time is dropped.
import { isStatus, StatusError } from '../api/errors.ts'
import { type Event, events } from '../api/kinds/core-v1/event.ts'
import type { ObjectReference } from '../api/kinds/core-v1/references.ts'
import type { KubernetesObject } from '../api/kinds/kind.ts'
import { timeOf } from '../api/values/time.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import type { Client } from './client.ts'
import { EventCorrelator, type Occurrence, type Series } from './event-correlator.ts'
import { TerminalError, WorkQueue } from './work-queue.ts'

export interface EventRecorder {
  /**
   * @param object what it happened to
   * @param reason one word, for machines: FailedScheduling
   * @param message a sentence, for people
   * @param fieldPath the part of the object it happened to: spec.containers{main}
   */
  record(object: KubernetesObject, type: Occurrence['type'], reason: string, message: string, fieldPath?: string): void
}

export interface EventWriterOptions {
  /** Who says it: default-scheduler, kubelet. */
  readonly component: string
  /** The node it is said on, if it is one. */
  readonly host?: string
  readonly clock?: Clock
  /** Told when an event could not be written and was given up. */
  readonly onDropped?: (occurrence: Occurrence, error: unknown) => void
}

/**
 * How long an event that is no warning waits: what causes events (a pod that starts causes five) is still under way, and
 * each is a write that would stand before the next status. What is repeated meanwhile is one write.
 */
const restMs = 250
/** Events waiting to be written, beyond which new ones are dropped. */
const mostWaiting = 10_000
const attempts = 12
const parallelism = 8

/** Writes events until its signal aborts. */
export class EventWriter implements EventRecorder {
  readonly #client: Client
  readonly #options: EventWriterOptions
  readonly #clock: Clock
  readonly #correlator = new EventCorrelator()
  readonly #queue: WorkQueue
  /** What is to be written, by event name, and how often it was tried. */
  readonly #waiting = new Map<string, { readonly series: Series; failures: number }>()
  /** Events written and not changed by anyone since, as far as known. */
  readonly #written = new WeakSet<Series>()

  constructor(client: Client, options: EventWriterOptions, signal: AbortSignal) {
    this.#client = client
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#queue = new WorkQueue(
      {
        reconcile: name => this.#write(name, signal),
        onError: (name, error, retryMs) => {
          const waiting = this.#waiting.get(name)
          if (!waiting || retryMs !== undefined) return
          this.#waiting.delete(name)
          options.onDropped?.(waiting.series.occurrence, error)
        },
        parallelism,
        backoff: { initialMs: 500, maxMs: 10_000, jitter: 0.5 },
        clock: this.#clock,
      },
      signal,
    )
  }

  record(
    object: KubernetesObject,
    type: Occurrence['type'],
    reason: string,
    message: string,
    fieldPath?: string,
  ): void {
    const occurrence = { object: referenceTo(object, fieldPath), type, reason, message }
    const series = this.#correlator.observe(occurrence, this.#clock.now())
    if (!series) return
    const name = eventName(series)
    if (!this.#waiting.has(name)) {
      if (this.#waiting.size >= mostWaiting) {
        return this.#options.onDropped?.(occurrence, new Error(`${mostWaiting} events wait to be written`))
      }
      this.#waiting.set(name, { series, failures: 0 })
    }
    this.#queue.addAfter(name, type === 'Normal' ? restMs : 0)
  }

  /** Writes what was recorded so far, at once; resolves when that is done or waits for another attempt. */
  flushed(): Promise<void> {
    for (const [name, { failures }] of this.#waiting) if (failures === 0) this.#queue.add(name)
    return this.#queue.idle()
  }

  async #write(name: string, signal: AbortSignal): Promise<void> {
    const waiting = this.#waiting.get(name)
    if (!waiting) return
    const { count } = waiting.series
    try {
      await this.#put(name, waiting.series, signal)
    } catch (error) {
      const refused = error instanceof StatusError && error.code < 500 && error.reason !== 'TooManyRequests'
      if (refused || ++waiting.failures >= attempts) throw new TerminalError(`event ${name}`, { cause: error })
      throw error
    }
    // What was recorded meanwhile is queued again and still to be written.
    if (waiting.series.count === count) this.#waiting.delete(name)
    else this.#waiting.set(name, { ...waiting, failures: 0 })
  }

  async #put(name: string, series: Series, signal: AbortSignal): Promise<void> {
    const namespace = series.occurrence.object.namespace || 'default'
    if (this.#written.has(series)) {
      const { count, message, lastMs } = series
      const body = { count, message, lastTimestamp: timeOf(lastMs) }
      try {
        await this.#client.patch(
          events,
          { namespace, name },
          { type: 'application/merge-patch+json', body },
          { signal },
        )
        return
      } catch (error) {
        // Expired meanwhile: it is told anew.
        if (!isStatus(error, 'NotFound')) throw error
      }
    }
    try {
      await this.#client.create(events, this.#event(namespace, name, series), { signal })
    } catch (error) {
      // An earlier attempt got through without an answer.
      if (!isStatus(error, 'AlreadyExists')) throw error
    }
    this.#written.add(series)
  }

  #event(namespace: string, name: string, { occurrence, message, count, firstMs, lastMs }: Series): Event {
    const { component, host } = this.#options
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace, name },
      involvedObject: occurrence.object,
      type: occurrence.type,
      reason: occurrence.reason,
      message,
      source: { component, ...(host !== undefined && { host }) },
      reportingComponent: component,
      reportingInstance: host ?? '',
      firstTimestamp: timeOf(firstMs),
      lastTimestamp: timeOf(lastMs),
      count,
    }
  }
}

/** The object's name and the moment, as client-go names events; within a name's 253 characters. */
function eventName({ occurrence, firstMs, id }: Series): string {
  const moment = (BigInt(Math.round(firstMs)) * 1_000_000n + BigInt(id % 1_000_000)).toString(16)
  return `${(occurrence.object.name ?? '').slice(0, 252 - moment.length)}.${moment}`
}

function referenceTo({ apiVersion, kind, metadata }: KubernetesObject, fieldPath?: string): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata
  return {
    apiVersion,
    kind,
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(fieldPath !== undefined && { fieldPath }),
  }
}
