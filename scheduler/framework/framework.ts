// Chooses a node for a pod: filter, score, select. Pure but for the memory of shapes, which only saves time.
import { Evaluation, type PluginScore } from './evaluation.ts'
import type { Plugins, Refusal } from './plugin.ts'
import type { PodInfo } from './pod-info.ts'
import type { Snapshot } from './snapshot.ts'

export interface Candidate {
  readonly node: string
  readonly total: number
  readonly scores: readonly PluginScore[]
}

/** Where a pod goes, or why nowhere. */
export type Placement =
  | {
      readonly node: string
      readonly feasible: number
      readonly evaluated: number
      /** The chosen node and the best of the others, best first. */
      readonly candidates: readonly Candidate[]
    }
  | {
      readonly node: undefined
      readonly evaluated: number
      /** By row of the snapshot: every node's. */
      readonly refusals: readonly (Refusal | undefined)[]
    }

/** Candidates told besides the chosen one. */
const runnersUp = 2
/** Shapes remembered: at 5,000 nodes one is about 300 kB. */
const mostShapes = 64

export class Framework {
  readonly plugins: Plugins
  readonly #random: () => number
  readonly #shapes = new Map<string, Evaluation>()
  #snapshot: Snapshot | undefined

  /** @param random breaks ties: 0 ≤ x < 1 */
  constructor(plugins: Plugins, random: () => number) {
    this.plugins = plugins
    this.#random = random
  }

  /** The caller counts the pod against the chosen node before it asks for the next. */
  place(pod: PodInfo, snapshot: Snapshot): Placement {
    const evaluated = snapshot.size
    const evaluation = this.#evaluate(pod, snapshot)
    const row = evaluation.best(this.#random)
    if (row === undefined) return { node: undefined, evaluated, refusals: evaluation.refusals }
    const others = evaluation.top(runnersUp + 1).filter(other => other !== row)
    const candidates = [row, ...others.slice(0, runnersUp)].map(candidate => ({
      node: snapshot.node(candidate).name,
      total: evaluation.total(candidate),
      scores: evaluation.scores(candidate),
    }))
    return { node: snapshot.node(row).name, feasible: evaluation.feasible, evaluated, candidates }
  }

  /** For a pod that fits nowhere: what else was tried, as it reads in the message. */
  postFilter(pod: PodInfo, snapshot: Snapshot, refusals: readonly (Refusal | undefined)[]): string {
    const tried = this.plugins.postFilter.map(plugin => plugin.postFilter(pod, snapshot, refusals))
    return tried.filter(words => words !== '').join(', ')
  }

  /** @throws what a plugin threw, after those before it gave back what they reserved */
  reserve(pod: PodInfo, node: string): void {
    try {
      for (const plugin of this.plugins.reserve) plugin.reserve(pod, node)
    } catch (error) {
      this.unreserve(pod, node)
      throw error
    }
  }

  /** In the reverse order of reserve. */
  unreserve(pod: PodInfo, node: string): void {
    for (const plugin of this.plugins.reserve.toReversed()) plugin.unreserve(pod, node)
  }

  /** Why the pod may not be bound, or undefined when every plugin permits it. */
  async permit(pod: PodInfo, node: string, signal: AbortSignal): Promise<string | undefined> {
    for (const plugin of this.plugins.permit) {
      const denial = await plugin.permit(pod, node, signal)
      if (denial !== undefined) return denial
    }
    return undefined
  }

  #evaluate(pod: PodInfo, snapshot: Snapshot): Evaluation {
    if (this.#snapshot !== snapshot) this.#shapes.clear()
    this.#snapshot = snapshot
    const known = this.#shapes.get(pod.shape)
    this.#shapes.delete(pod.shape)
    const usable = known?.layout === snapshot.layout ? known : undefined
    usable?.refresh()
    const evaluation = usable ?? new Evaluation(this.plugins, pod, snapshot)
    this.#shapes.set(pod.shape, evaluation)
    if (this.#shapes.size > mostShapes) {
      const [oldest] = this.#shapes.keys()
      if (oldest !== undefined) this.#shapes.delete(oldest)
    }
    return evaluation
  }
}
