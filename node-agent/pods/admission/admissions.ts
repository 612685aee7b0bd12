// Decides of each pod that is new here whether it may run, once. What was admitted counts against those that come
// later; what an earlier run of this agent admitted stays admitted.
import type { Node } from '../../../api/kinds/core-v1/node.ts'
import type { NodeCondition } from '../../../api/kinds/core-v1/node-status.ts'
import type { Logger } from '../../../lib/logger.ts'
import { messageOf } from '../steps/step-error.ts'
import { admit, type NodeAbilities, type Verdict } from './admission.ts'
import type { PodAdmission } from './pod-admission.ts'

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
  readonly abilities: () => NodeAbilities
  /** All pods of this node. */
  readonly pods: () => Iterable<PodAdmission>
  readonly log: Logger
}

export class Admissions {
  readonly #options: AdmissionsOptions
  /** Pods of the API that came before it had told of all of them; undefined: it has. */
  #early: Set<PodAdmission> | undefined = new Set()

  constructor(options: AdmissionsOptions) {
    this.#options = options
  }

  /**
   * Lets the pod know, at once where that is possible: static pods wait for nobody, pods of the API until all that
   * were admitted before are known to count.
   */
  consider(candidate: PodAdmission): void {
    if (candidate.hasBegun) candidate.admit()
    else if (candidate.isStatic || this.#early === undefined) void this.#decide(candidate)
    else this.#early.add(candidate)
  }

  /** The API has told of all pods and of the Node: those that wait are decided on, the oldest first. */
  open(): void {
    const waiting = [...(this.#early ?? [])].sort((a, b) => created(a) - created(b))
    this.#early = undefined
    for (const candidate of waiting) void this.#decide(candidate)
  }

  /** Between a verdict and its effect nothing is awaited: pods that come together see one another. */
  async #decide(candidate: PodAdmission): Promise<void> {
    const { node } = this.#options
    try {
      let verdict = this.#judge(candidate, node.current())
      if (!verdict.admitted && verdict.byNode) {
        // The pod may be here because of a label or taint that the watch of the Node has yet to tell of.
        const now = await this.#fetched()
        if (!candidate.isUndecided) return
        verdict = this.#judge(candidate, now)
      }
      if (!verdict.admitted) candidate.reject(verdict.rejection)
      else if (verdict.preempts.length === 0) candidate.admit()
      else await this.#preempt(candidate, new Set(verdict.preempts.map(({ pod }) => pod.metadata.uid)))
    } catch (error) {
      candidate.reject({ reason: 'UnexpectedAdmissionError', message: `Admission failed: ${messageOf(error)}` })
    }
  }

  #judge(candidate: PodAdmission, { metadata, spec, status }: Node): Verdict {
    const others = [...this.#options.pods()].filter(other => other !== candidate && other.takesRoom)
    return admit(
      candidate.demand,
      others.map(({ demand }) => demand),
      {
        name: metadata.name ?? '',
        labels: metadata.labels ?? {},
        taints: spec.taints ?? [],
        pressures: (status.conditions ?? []).filter(isPressure).map(({ type }) => type),
        allocatable: this.#options.allocatable(),
        ...this.#options.abilities(),
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

  async #preempt(candidate: PodAdmission, uids: ReadonlySet<string>): Promise<void> {
    candidate.hold()
    const victims = [...this.#options.pods()].filter(({ pod }) => uids.has(pod.metadata.uid))
    for (const victim of victims) victim.preempt()
    await Promise.all(victims.map(({ ended }) => ended))
    candidate.admit()
  }
}

const created = ({ pod }: PodAdmission): number => Date.parse(pod.metadata.creationTimestamp)

const isPressure = ({ type, status }: NodeCondition): boolean => type.endsWith('Pressure') && status === 'True'
