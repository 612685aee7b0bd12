// The latest decisions, for whoever asks why a pod went where it went, or nowhere.
import type { Candidate } from '../framework/framework.ts'

export interface Decision {
  /** namespace/name */
  readonly pod: string
  readonly uid: string
  readonly atMs: number
  readonly evaluated: number
  /** The node chosen, or undefined. */
  readonly node: string | undefined
  /** The chosen node and the best others with what each plugin gave them; empty when no node would do. */
  readonly candidates: readonly Candidate[]
  /** For a pod that fits nowhere: each plugin's refusals, reason to nodes (the first few by name, and how many). */
  readonly refused: readonly RefusedNodes[]
}

export interface RefusedNodes {
  readonly plugin: string
  readonly reason: string
  readonly count: number
  readonly nodes: readonly string[]
}

/** Remembers the newest decisions, a bounded number of them. */
export class DecisionRing {
  readonly #ring: (Decision | undefined)[]
  #next = 0

  constructor(capacity = 1024) {
    this.#ring = new Array<Decision | undefined>(capacity).fill(undefined)
  }

  record(decision: Decision): void {
    this.#ring[this.#next++ % this.#ring.length] = decision
  }

  /** What is remembered of a pod, newest first. */
  about(uid: string): Decision[] {
    const found: Decision[] = []
    for (let back = 1; back <= this.#ring.length; back++) {
      const decision = this.#ring[(this.#next - back + this.#ring.length) % this.#ring.length]
      if (decision?.uid === uid) found.push(decision)
    }
    return found
  }
}
