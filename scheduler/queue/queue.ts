// Pods waiting for a node: those to try now (by priority), those that wait out a back-off, and those that fit nowhere
// until something changes that could let them.
import { backoffMs } from '../../lib/backoff.ts'
import type { Clock } from '../../lib/clock.ts'
import type { ClusterEvent, QueueSort } from '../framework/plugin.ts'
import type { PodInfo } from '../framework/pod-info.ts'
import { Heap } from './heap.ts'

const backoff = { initialMs: 1_000, maxMs: 10_000 }
/** A pod no event spoke for is tried again after this long, should a plugin have forgotten an event. */
const longestUnschedulableMs = 300_000

type Place = 'active' | 'backoff' | 'unschedulable' | 'in-flight'

interface Waiting {
  info: PodInfo
  place: Place
  /** Failed attempts. */
  attempts: number
  /** Not tried again before this. */
  readyMs: number
  /** What may let it pass, while it is unschedulable. */
  wokenBy: ReadonlySet<ClusterEvent>
}

export class SchedulingQueue {
  readonly #clock: Clock
  readonly #onActive: () => void
  readonly #pods = new Map<string, Waiting>()
  readonly #unschedulable = new Set<Waiting>()
  readonly #active: Heap<Waiting>
  readonly #backoff = new Heap<Waiting>((a, b) => a.readyMs - b.readyMs)
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined
  #activeCount = 0

  /** @param onActive called when a pod becomes ready to try */
  constructor(before: QueueSort, clock: Clock, onActive: () => void) {
    this.#active = new Heap((a, b) => before(a.info, b.info))
    this.#clock = clock
    this.#onActive = onActive
  }

  /** Pods to try now. */
  get active(): number {
    return this.#activeCount
  }

  has(uid: string): boolean {
    return this.#pods.has(uid)
  }

  /** A pod that needs a node; or one that waits already and changed, so that it is worth another try. */
  add(info: PodInfo): void {
    const known = this.#pods.get(info.uid)
    if (!known) {
      const waiting: Waiting = { info, place: 'active', attempts: 0, readyMs: 0, wokenBy: new Set() }
      this.#pods.set(info.uid, waiting)
      this.#activate(waiting)
      return
    }
    if (known.place === 'active') {
      // Its priority may be another one now: the old entry is passed over when its turn comes.
      this.#leaveActive(known)
      const again = { ...known, info }
      this.#pods.set(info.uid, again)
      this.#activate(again)
      return
    }
    known.info = info
    if (known.place === 'unschedulable') this.#wake(known)
  }

  /** Takes over a change of a waiting pod that can't make a difference to where it fits. */
  refresh(info: PodInfo): void {
    const known = this.#pods.get(info.uid)
    if (known) known.info = info
  }

  /** A pod that is gone, or has its node. */
  delete(uid: string): void {
    const known = this.#pods.get(uid)
    if (!known) return
    if (known.place === 'active') this.#leaveActive(known)
    this.#unschedulable.delete(known)
    this.#pods.delete(uid)
  }

  /** The next pod to try. It stays known, in flight, until it is deleted, refused or put off. */
  pop(): PodInfo | undefined {
    for (let waiting = this.#active.pop(); waiting; waiting = this.#active.pop()) {
      if (waiting.place !== 'active' || this.#pods.get(waiting.info.uid) !== waiting) continue
      this.#leaveActive(waiting)
      waiting.place = 'in-flight'
      return waiting.info
    }
    return undefined
  }

  /** It fits nowhere. It waits for one of the events. */
  refused(uid: string, wokenBy: ReadonlySet<ClusterEvent>): void {
    const known = this.#failed(uid)
    if (!known) return
    known.place = 'unschedulable'
    known.wokenBy = wokenBy
    this.#unschedulable.add(known)
    this.#setTimer(known.readyMs + longestUnschedulableMs)
  }

  /** Its placement failed for another reason (the binding was not accepted): again, after a while. */
  putOff(uid: string): void {
    const known = this.#failed(uid)
    if (known) this.#wake(known)
  }

  /** Something changed in the cluster. */
  happened(event: ClusterEvent): void {
    for (const waiting of this.#unschedulable) if (waiting.wokenBy.has(event)) this.#wake(waiting)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #failed(uid: string): Waiting | undefined {
    const known = this.#pods.get(uid)
    if (known?.place !== 'in-flight') return undefined
    known.readyMs = this.#clock.now() + backoffMs(known.attempts++, backoff)
    return known
  }

  /** Active, or as soon as its back-off is over. */
  #wake(waiting: Waiting): void {
    if (waiting.readyMs <= this.#clock.now()) {
      this.#activate(waiting)
      return
    }
    this.#unschedulable.delete(waiting)
    waiting.place = 'backoff'
    this.#backoff.push(waiting)
    this.#setTimer(waiting.readyMs)
  }

  #activate(waiting: Waiting): void {
    this.#unschedulable.delete(waiting)
    waiting.place = 'active'
    this.#activeCount++
    this.#active.push(waiting)
    this.#onActive()
  }

  #leaveActive(waiting: Waiting): void {
    if (waiting.place === 'active') this.#activeCount--
    waiting.place = 'in-flight'
  }

  /** One timer, for whatever falls due first; none while nothing waits. */
  #setTimer(atMs: number): void {
    if (this.#timer && this.#timer.atMs <= atMs) return
    this.#timer?.cancel()
    const cancel = this.#clock.after(Math.max(0, atMs - this.#clock.now()), () => {
      this.#timer = undefined
      this.#due(this.#clock.now())
    })
    this.#timer = { atMs, cancel }
  }

  #due(nowMs: number): void {
    let next = this.#backoff.peek()
    for (; next && next.readyMs <= nowMs; next = this.#backoff.peek()) {
      this.#backoff.pop()
      if (next.place === 'backoff' && this.#pods.get(next.info.uid) === next) this.#activate(next)
    }
    let earliestMs = next?.readyMs ?? Infinity
    for (const waiting of this.#unschedulable) {
      const dueMs = waiting.readyMs + longestUnschedulableMs
      if (dueMs <= nowMs) this.#activate(waiting)
      else earliestMs = Math.min(earliestMs, dueMs)
    }
    if (earliestMs < Infinity) this.#setTimer(earliestMs)
  }
}
