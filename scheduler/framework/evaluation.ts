// What all nodes are to one shape of pod: refused and why, or how good. Worked out once for a layout of the cluster, then
// kept current row by row, so that the next pod of the shape costs what changed since, and a scan for the best.
import type { NodeFilter, NodeScorer, Plugins, Refusal } from './plugin.ts'
import type { PodInfo } from './pod-info.ts'
import type { Snapshot } from './snapshot.ts'

interface Filter {
  readonly refuses: NodeFilter
}

interface Score {
  readonly plugin: string
  readonly weight: number
  readonly scorer: NodeScorer
  /** By row; what the scorer said. */
  readonly raw: Float64Array
  /** The highest raw score among nodes not refused. */
  highest: number
}

/** What one plugin gave one node. */
export interface PluginScore {
  readonly plugin: string
  /** Scaled to 0 … 100, then times the plugin's weight. */
  readonly score: number
}

const refused = -1

export class Evaluation {
  readonly layout: number
  readonly #snapshot: Snapshot
  readonly #filters: readonly Filter[]
  readonly #scores: readonly Score[]
  /** By row; undefined: not refused. */
  readonly #refusals: (Refusal | undefined)[]
  /** By row; -1: refused. */
  readonly #totals: Float64Array
  #version: number
  #feasible = 0

  constructor(plugins: Pick<Plugins, 'filter' | 'score'>, pod: PodInfo, snapshot: Snapshot) {
    const { size } = snapshot
    this.#snapshot = snapshot
    this.layout = snapshot.layout
    this.#version = snapshot.version
    this.#filters = plugins.filter.flatMap(plugin => {
      const refuses = plugin.prepare(pod, snapshot)
      return refuses ? [{ refuses }] : []
    })
    this.#scores = plugins.score.flatMap(({ name, weight, prepare }) => {
      const scorer = prepare(pod, snapshot)
      return scorer ? [{ plugin: name, weight, scorer, raw: new Float64Array(size), highest: 0 }] : []
    })
    this.#refusals = new Array<Refusal | undefined>(size).fill(undefined)
    this.#totals = new Float64Array(size).fill(refused)
    for (let row = 0; row < size; row++) this.#look(row)
    this.#rescale()
  }

  /** How many nodes would do. */
  get feasible(): number {
    return this.#feasible
  }

  /** By row; undefined where the node would do. */
  get refusals(): readonly (Refusal | undefined)[] {
    return this.#refusals
  }

  /** Looks again at the rows that changed. The layout must be the one this was made for. */
  refresh(): void {
    const changed = this.#snapshot.changedSince(this.#version) ?? this.#refusals.keys()
    this.#version = this.#snapshot.version
    let scalesHold = true
    const rows = new Set(changed)
    for (const row of rows) scalesHold = this.#look(row) && scalesHold
    if (!scalesHold) this.#rescale()
    else for (const row of rows) this.#totals[row] = this.#total(row)
  }

  /**
   * The row of the best node, one of several equally good ones by chance; undefined when none will do.
   * @param random 0 ≤ x < 1
   */
  best(random: () => number): number | undefined {
    const totals = this.#totals
    let [best, highest, ties] = [-1, refused, 0]
    for (let row = 0; row < totals.length; row++) {
      const total = totals[row] ?? refused
      if (total > highest) {
        best = row
        highest = total
        ties = 1
      } else if (total === highest && best >= 0 && random() * ++ties < 1) best = row
    }
    return best < 0 ? undefined : best
  }

  /** The rows of the best nodes, best first. */
  top(count: number): number[] {
    const rows: number[] = []
    for (let row = 0; row < this.#totals.length; row++) {
      const total = this.total(row)
      if (total === refused || (rows.length === count && total <= this.total(rows[count - 1] ?? row))) continue
      let at = rows.length
      while (at > 0 && this.total(rows[at - 1] ?? row) < total) at--
      rows.splice(at, 0, row)
      if (rows.length > count) rows.pop()
    }
    return rows
  }

  total(row: number): number {
    return this.#totals[row] ?? refused
  }

  /** What makes up a node's total. */
  scores(row: number): PluginScore[] {
    return this.#scores.map(score => ({ plugin: score.plugin, score: scaled(score, row) * score.weight }))
  }

  /** Filters and scores one node. Answers whether the scales of the others still hold. */
  #look(row: number): boolean {
    const was = this.#totals[row] !== refused
    let refusal: Refusal | undefined
    for (const { refuses } of this.#filters) {
      refusal = refuses(row)
      if (refusal) break
    }
    this.#refusals[row] = refusal
    const is = refusal === undefined
    if (was !== is) this.#feasible += is ? 1 : -1
    this.#totals[row] = is ? 0 : refused
    let hold = true
    for (const score of this.#scores) {
      const old = score.raw[row] ?? 0
      if (is) score.raw[row] = score.scorer.score(row)
      if (score.scorer.scale === 'none') continue
      const now = is ? (score.raw[row] ?? 0) : 0
      const wasHighest = was && old > 0 && old >= score.highest && now < old
      if (now > score.highest || wasHighest) hold = false
    }
    return hold
  }

  #rescale(): void {
    for (const score of this.#scores) {
      if (score.scorer.scale === 'none') continue
      score.highest = 0
      for (let row = 0; row < this.#totals.length; row++) {
        if (!this.#refusals[row]) score.highest = Math.max(score.highest, score.raw[row] ?? 0)
      }
    }
    for (let row = 0; row < this.#totals.length; row++) this.#totals[row] = this.#total(row)
  }

  #total(row: number): number {
    if (this.#refusals[row]) return refused
    let total = 0
    for (const score of this.#scores) total += scaled(score, row) * score.weight
    return total
  }
}

/** In whole numbers from 0 to 100. */
function scaled({ scorer, raw, highest }: Score, row: number): number {
  const value = raw[row] ?? 0
  switch (scorer.scale) {
    case 'none':
      return value
    case 'highest':
      return highest === 0 ? 0 : Math.floor((value * 100) / highest)
    case 'lowest':
      return highest === 0 ? 100 : 100 - Math.floor((value * 100) / highest)
  }
}
