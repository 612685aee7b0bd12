// What one pod's status is told as: to the API, and in events where the status alone shows that something began.
import type { PodStatus } from '../../api/kinds/core-v1/pod-status.ts'
import { deadlineExceeded } from './planning/ending.ts'
import type { Pod, Situation } from './planning/situation.ts'
import { announcements } from './status/announcements.ts'
import { allStatuses } from './status/container-status.ts'
import { isOver, podStatus } from './status/status.ts'
import type { Context } from './steps/context.ts'
import { fieldPath } from './steps/field-path.ts'

export class PodReport {
  readonly #context: Context
  readonly #shownAs: () => Pod | undefined
  #last: PodStatus | undefined
  /** How often. */
  #deadlineTold = 0

  /** @param shownAs the pod at the API that shows this one; undefined where there is none */
  constructor(context: Context, shownAs: () => Pod | undefined) {
    this.#context = context
    this.#shownAs = shownAs
  }

  /** As reported last. */
  get last(): PodStatus | undefined {
    return this.#last
  }

  tell(situation: Situation): void {
    const { writer, settings } = this.#context
    const shown = this.#shownAs()
    // The conditions others wrote are on the pod that is shown.
    const seen =
      shown === undefined || shown === situation.pod ? situation : { ...situation, pod: asShown(situation.pod, shown) }
    const status = podStatus(seen, settings.hostIps())
    this.#announce(situation.pod, status)
    this.#announceDeadline(situation)
    this.#last = status
    if (shown) writer.set(shown, status, isUrgent(status, situation))
  }

  #announce(pod: Pod, status: PodStatus): void {
    for (const { type, reason, message, container } of announcements(pod, this.#last, status)) {
      this.#context.events.record(pod, type, reason, message, fieldPath(pod, container))
    }
  }

  /** Said when the pod begins to end for it, and again when it has ended. */
  #announceDeadline(situation: Situation): void {
    const failure = situation.ending?.failure
    if (failure?.reason !== deadlineExceeded) return
    for (const due = isOver(situation) ? 2 : 1; this.#deadlineTold < due; this.#deadlineTold++) {
      this.#context.events.record(situation.pod, 'Normal', failure.reason, failure.message)
    }
  }
}

/** A static pod with what the API says of its mirror; how it fares is known here alone. */
function asShown(pod: Pod, shown: Pod): Pod {
  const { phase: _phase, reason: _reason, message: _message, ...status } = shown.status
  return { ...pod, status }
}

/**
 * Whether anybody waits for this status: not for one that only says that the pod is being made, nor while containers
 * are just being started, when the next one follows within milliseconds.
 */
function isUrgent(status: PodStatus, { busy }: Situation): boolean {
  if ([...busy.values()].some(({ kind }) => kind === 'startContainer')) return false
  if (status.phase !== 'Pending') return true
  const making = new Set(['ContainerCreating', 'PodInitializing'])
  return allStatuses(status).some(({ state }) => state.waiting === undefined || !making.has(state.waiting.reason ?? ''))
}
