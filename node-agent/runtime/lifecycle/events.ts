// Telling everyone who listens what happened to containers.

export type ContainerEventKind = 'created' | 'started' | 'stopped' | 'deleted'

export interface ContainerEvent {
  readonly kind: ContainerEventKind
  readonly containerId: string
  readonly sandboxId: string
  readonly atMs: number
}

export class EventHub {
  readonly #listeners = new Set<(event: ContainerEvent) => void>()

  publish(event: ContainerEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  /** Calls back synchronously, in order. Answers how to stop. */
  subscribe(listener: (event: ContainerEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
