// Which nodes' agents have hung up, and when: the fastest sign that a node is in trouble.

type Listener = (node: string) => void

export class AgentConnections {
  /** By node: when its session ended, while there is no other. */
  readonly #lost = new Map<string, number>()
  readonly #listeners = new Set<Listener>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** To be told of every session that begins or ends. */
  changed(node: string, connected: boolean): void {
    if (connected) this.#lost.delete(node)
    else this.#lost.set(node, this.#now())
    for (const listener of this.#listeners) listener(node)
  }

  /** When the node's session ended; undefined while it is open, and for nodes that never had one here. */
  lostAtMs(node: string): number | undefined {
    return this.#lost.get(node)
  }

  /** @returns how to stop */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
