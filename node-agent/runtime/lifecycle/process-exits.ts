// Who waits for which process to end.
import type { ExitRecord } from '../launcher/messages.ts'

export class ProcessExits {
  readonly #waiting = new Map<string, Set<(exit: ExitRecord | undefined) => void>>()

  /** The exit of a process, once it was taken note of; undefined when the time is over first. */
  wait(id: string, timeoutMs?: number): { readonly exit: Promise<ExitRecord | undefined>; cancel(): void } {
    let settle = (_exit: ExitRecord | undefined): void => undefined
    const exit = new Promise<ExitRecord | undefined>(resolve => {
      settle = resolve
    })
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => done(undefined), timeoutMs)
    const listeners = this.#waiting.get(id) ?? new Set()
    this.#waiting.set(id, listeners)
    const done = (record: ExitRecord | undefined): void => {
      clearTimeout(timer)
      listeners.delete(done)
      if (listeners.size === 0 && this.#waiting.get(id) === listeners) this.#waiting.delete(id)
      settle(record)
    }
    listeners.add(done)
    return { exit, cancel: () => done(undefined) }
  }

  announce(exit: ExitRecord): void {
    for (const done of [...(this.#waiting.get(exit.id) ?? [])]) done(exit)
  }
}
