/** A priority queue; `before` is negative when its first argument comes first. Equal elements come in no set order. */
export class Heap<T> {
  readonly #items: T[] = []
  readonly #before: (a: T, b: T) => number

  constructor(before: (a: T, b: T) => number) {
    this.#before = before
  }

  get size(): number {
    return this.#items.length
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    const items = this.#items
    let at = items.push(item) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = items[parent]
      if (above === undefined || this.#before(item, above) >= 0) break
      items[at] = above
      at = parent
    }
    items[at] = item
  }

  pop(): T | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (last === undefined || items.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      const [left, right] = [items[child], items[child + 1]]
      if (left === undefined) break
      let lesser = left
      if (right !== undefined && this.#before(right, left) < 0) {
        lesser = right
        child++
      }
      if (this.#before(last, lesser) <= 0) break
      items[at] = lesser
      at = child
    }
    items[at] = last
    return first
  }
}
