// What an agent remembers of its own attempts for one pod. Losing it costs some steps tried again, nothing else.
import { Backoff, type BackoffOptions } from '../../../lib/backoff.ts'
import type { Image } from '../../../proto/gen/cri.ts'
import type { ImageUser } from '../configuration/security.ts'
import type { Failure } from '../planning/situation.ts'
import { failureKeyOf, type Step } from '../planning/step.ts'

export interface ResolvedImage {
  /** As the runtime knows it. */
  readonly ref: string
  readonly user: ImageUser
}

const retries: Readonly<Partial<Record<Step['kind'], BackoffOptions>>> = {
  // Kubernetes' own numbers for pulls; for the rest, soon at first.
  ensureImage: { initialMs: 10_000, maxMs: 300_000 },
  startContainer: { initialMs: 1_000, maxMs: 60_000 },
  prepareVolumes: { initialMs: 500, maxMs: 120_000 },
}
const usualRetry: BackoffOptions = { initialMs: 1_000, maxMs: 30_000 }
/** The runtime is away: it usually is back within a second, and nothing was tried. */
const awayRetry: BackoffOptions = { initialMs: 200, maxMs: 2_000 }

export class PodMemory {
  /** When this agent saw the pod first. */
  readonly seenAtMs: number
  volumes: 'unknown' | 'ready' | 'stale' | 'released' = 'unknown'
  /** Counts changes of what volumes are made of. */
  contentVersion = 0
  deletionTold = false
  /** Containers that were told that they will be killed. */
  readonly forewarned = new Set<string>()
  /** Which attempt of a container its image is at hand for. */
  readonly images = new Map<string, number>()
  /** Images that were looked for ahead of time and are here, by container; each is asked for once. */
  readonly found = new Map<string, Image>()
  readonly resolvedImages = new Map<string, ResolvedImage>()
  readonly failures = new Map<string, Failure>()
  readonly #backoffs = new Map<Step['kind'], Backoff>()
  readonly #away = new Backoff(awayRetry)

  constructor(nowMs: number) {
    this.seenAtMs = nowMs
  }

  /** @param away nothing was tried, because the runtime or the API did not answer */
  failed(step: Step, reason: string, message: string, nowMs: number, away: boolean): void {
    const key = failureKeyOf(step)
    const before = this.failures.get(key)
    const retryAtMs = nowMs + (away ? this.#away : this.#backoff(step.kind)).next(key)
    // What people are told stays what it was: that the runtime is away is said by the node.
    if (away)
      this.failures.set(key, { reason: before?.reason ?? '', message: before?.message ?? '', atMs: nowMs, retryAtMs })
    else this.failures.set(key, { reason, message, atMs: nowMs, retryAtMs })
  }

  succeeded(step: Step): void {
    const key = failureKeyOf(step)
    this.failures.delete(key)
    this.#backoff(step.kind).reset(key)
    this.#away.reset(key)
  }

  /** What they failed for may have changed: they are tried again at once. */
  forgive(...kinds: readonly Step['kind'][]): void {
    for (const key of this.failures.keys()) {
      if (kinds.some(kind => key.startsWith(`${kind}/`))) this.failures.delete(key)
    }
  }

  /** What volumes are made of has changed. */
  contentChanged(): void {
    this.contentVersion++
    if (this.volumes === 'ready') this.volumes = 'stale'
    this.forgive('prepareVolumes', 'startContainer')
  }

  #backoff(kind: Step['kind']): Backoff {
    let backoff = this.#backoffs.get(kind)
    if (backoff === undefined) {
      backoff = new Backoff(retries[kind] ?? usualRetry)
      this.#backoffs.set(kind, backoff)
    }
    return backoff
  }
}
