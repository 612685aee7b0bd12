// Decides of each pod that is new here whether it may run, once. What was admitted counts against those that come
// later; what an earlier run of this agent admitted stays admitted.
import type { Node } from '../../../api/kinds/core-v1.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { PodWorker } from '../pod-worker.ts'
import { messageOf } from '../steps/step-error.ts'
import { admit, type Verdict } from './admission.ts'

/** This machine's Node. */
export interface NodeSource {
  /** Resolves when the API has shown it. */
  readonly known: Promise<void>
  /** As the API showed it last; before that, as this machine registers itself. */
  current(): Node
  /** As it is at the API now. */
  fetch(): Promise<Node>
}

export interface AdmissionsOptions {
  readonly node: NodeSource
  readonly allocatable: () => Readonly<Record<string, string>>
  /** All pods of this node. */
  readonly workers: () => Iterable<PodWorker>
  readonly log: Logger
}

export class Admissions {
  readonly #options: AdmissionsOptions
  /** Pods of the API that came before it had told of all of them; undefined: it has. */
  #early: Set<PodWorker> | undefined = new Set()

  constructor(options: AdmissionsOptions) {
    this.#options = options
  }

  /**
   * Lets the worker know, at once where that is possible: static pods wait for nobody, pods of the API until all that
   * were admitted before are known to count.
   */
  consider(worker: PodWorker): void {
    if (worker.hasBegun) worker.admit()
    else if (worker.isStatic || this.#early === undefined) void this.#decide(worker)
    else this.#early.add(worker)
  }

  /** The API has told of all pods and of the Node: those that wait are decided on, the oldest first. */
  open(): void {
    const waiting = [...(this.#early ?? [])].sort((a, b) => created(a) - created(b))
    this.#early = undefined
    for (const worker of waiting) void this.#decide(worker)
  }

  /** Between a verdict and its effect nothing is awaited: pods that come together see one another. */
  async #decide(worker: PodWorker): Promise<void> {
    const { node } = this.#options
    try {
      let verdict = this.#judge(worker, node.current())
      if (!verdict.admitted && verdict.byNode) {
        // The pod may be here because of a label or taint that the watch of the Node has yet to tell of.
        const now = await this.#fetched()
        if (!worker.isUndecided) return
        verdict = this.#judge(worker, now)
      }
      if (!verdict.admitted) worker.reject(verdict.rejection)
      else if (verdict.preempts.length === 0) worker.admit()
      else await this.#preempt(worker, new Set(verdict.preempts.map(({ pod }) => pod.metadata.uid)))
    } catch (error) {
      worker.reject({ reason: 'UnexpectedAdmissionError', message: `Admission failed: ${messageOf(error)}` })
    }
  }

  #judge(worker: PodWorker, { metadata, spec }: Node): Verdict {
    const others = [...this.#options.workers()].filter(other => other !== worker && other.takesRoom)
    return admit(
      worker.demand,
      others.map(({ demand }) => demand),
      {
        name: metadata.name ?? '',
        labels: metadata.labels ?? {},
        taints: spec.taints ?? [],
        allocatable: this.#options.allocatable(),
      },
    )
  }

  async #fetched(): Promise<Node> {
    const { node, log } = this.#options
    try {
      return await node.fetch()
    } catch (error) {
      log.warn({ err: error }, 'the Node could not be read; a pod is judged by what it was')
      return node.current()
    }
  }

  async #preempt(worker: PodWorker, uids: ReadonlySet<string>): Promise<void> {
    worker.hold()
    const victims = [...this.#options.workers()].filter(({ pod }) => uids.has(pod.metadata.uid))
    for (const victim of victims) victim.preempt()
    await Promise.all(victims.map(({ ended }) => ended))
    worker.admit()
  }
}

const created = ({ pod }: PodWorker): number => Date.parse(pod.metadata.creationTimestamp)
