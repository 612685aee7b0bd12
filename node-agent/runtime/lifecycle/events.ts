// Telling everyone who listens what happened to containers, and to sandboxes, which CRI tells like containers under the
// sandbox's own ID.

export type ContainerEventKind = 'created' | 'started' | 'stopped' | 'deleted'

export interface ContainerEvent {
  readonly kind: ContainerEventKind
  readonly containerId: string
  /** The same, where it is the sandbox that is told of. */
  readonly sandboxId: string
}

export class ContainerEvents {
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

/** A sandbox's event. */
export const ofSandbox = (kind: ContainerEventKind, id: string): ContainerEvent => ({
  kind,
  containerId: id,
  sandboxId: id,
})
