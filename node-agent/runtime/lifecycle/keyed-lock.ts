// One thing at a time for each key, in the order of asking.

export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>()

  async run<T>(key: string, action: () => T | Promise<T>): Promise<T> {
    const before = this.#tails.get(key)
    let release = (): void => undefined
    const tail = new Promise<void>(resolve => {
      release = resolve
    })
    this.#tails.set(key, tail)
    try {
      if (before) await before
      return await action()
    } finally {
      release()
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    }
  }
}
