// All that plans and statuses are computed from: one pod, what the runtime holds for it, and what this agent
// remembers of its own attempts. Memory may be lost at any time; it then is found again by trying again.
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { Pod as PodKind } from '../../../api/kinds/core-v1/pod.ts'
import type { Stored } from '../../../api/kinds/kind.ts'
import type { PodObservation } from '../observation/observation.ts'
import type { Step } from './step.ts'

/** A pod with a name and a uid: from the API, or from a file and given them here. */
export type Pod = Stored<PodKind>

/** Why something did not work, in the API's words, and when to try again. */
export interface Failure {
  readonly reason: string
  readonly message: string
  readonly atMs: number
  readonly retryAtMs: number
}

/** How long a failed pull is called so; for the rest of its wait it is a back-off. */
export const pullErrorShownMs = 5_000

/** What the probes say of a running container. Without a probe: started, ready and alive. */
export interface Health {
  readonly started: boolean
  readonly ready: boolean
  /** Set when a liveness or startup probe has failed: which, in words for the Killing event. */
  readonly failed: { readonly probe: 'liveness' | 'startup'; readonly graceSeconds: number | undefined } | undefined
}

/** Why a pod failed as a whole, in the words of its status. */
export interface PodFailure {
  readonly reason: string
  readonly message: string
}

/** The pod is on its way out. */
export interface Ending {
  /**
   * Deleted at the API, removed from its source, its deadline passed, not admitted to this node, ended in favour of a
   * critical pod, ended for what it took of the node, or all its work done.
   */
  readonly cause: 'deleted' | 'removed' | 'deadline' | 'rejected' | 'preempted' | 'evicted' | 'finished'
  /** When it began to end. */
  readonly sinceMs: number
  /** When every process must be gone. */
  readonly deadlineMs: number
  /** Absent: how its containers ended decides. */
  readonly failure?: PodFailure | undefined
}

export interface Situation {
  readonly pod: Pod
  readonly observed: PodObservation
  readonly ending: Ending | undefined
  /** Stale: what they are made of has changed since. */
  readonly volumes: 'unknown' | 'ready' | 'stale' | 'released'
  /** For which attempt of a container its image is at hand: pull policy Always asks again for the next. */
  readonly images: ReadonlyMap<string, number>
  /** Steps that failed and wait to be tried again, by failureKey. */
  readonly failures: ReadonlyMap<string, Failure>
  /** Containers, by id, that were told that they will be killed. */
  readonly forewarned: ReadonlySet<string>
  /** By container id. */
  readonly health: (containerId: string) => Health
  /** When the pod was first seen here: status.startTime. */
  readonly startedAtMs: number
  /** The API was told (or had forgotten) that a deleted pod is gone from here. */
  readonly deletionTold: boolean
  /** Steps under way, by their subject. */
  readonly busy: ReadonlyMap<string, Step>
  readonly nowMs: number
}

/** Whether containers find their volumes; what those are made of may have changed since. */
export const hasVolumes = ({ volumes }: Pick<Situation, 'volumes'>): boolean =>
  volumes === 'ready' || volumes === 'stale'

export const initContainers = (pod: Pod): readonly Container[] => pod.spec.initContainers ?? []
export const appContainers = (pod: Pod): readonly Container[] => pod.spec.containers
