// A set of paths into an object: the fields somebody owns, or that differ between two versions. Immutable from outside;
// `FieldSetBuilder` makes one. After structured-merge-diff v6 (fieldpath.Set).
import { type MergeSchema, resolve } from './merge-schema.ts'
import type { PathElement } from './path-element.ts'

export class FieldSet {
  static readonly empty = new FieldSet(new Set(), new Map())

  /** The last steps of paths that end here. */
  readonly members: ReadonlySet<PathElement>
  /** What lies below a step; never empty. */
  readonly children: ReadonlyMap<PathElement, FieldSet>

  constructor(members: ReadonlySet<PathElement>, children: ReadonlyMap<PathElement, FieldSet>) {
    this.members = members
    this.children = children
  }

  /** Each path a list of steps. */
  static of(...paths: readonly (readonly PathElement[])[]): FieldSet {
    const builder = new FieldSetBuilder()
    for (const path of paths) builder.insert(path)
    return builder.build()
  }

  get isEmpty(): boolean {
    return this.members.size === 0 && this.children.size === 0
  }

  hasMember(element: PathElement): boolean {
    return this.members.has(element)
  }

  /** What lies below a step. */
  below(element: PathElement): FieldSet {
    return this.children.get(element) ?? FieldSet.empty
  }

  union(other: FieldSet): FieldSet {
    if (this.isEmpty) return other
    if (other.isEmpty || other === this) return this
    const children = new Map(this.children)
    for (const [element, set] of other.children) children.set(element, this.below(element).union(set))
    return new FieldSet(new Set([...this.members, ...other.members]), children)
  }

  intersection(other: FieldSet): FieldSet {
    const members = [...this.members].filter(element => other.members.has(element))
    return make(members, this.children, (element, set) => set.intersection(other.below(element)))
  }

  /** Without exactly the paths of the other one. */
  difference(other: FieldSet): FieldSet {
    if (other.isEmpty) return this
    const members = [...this.members].filter(element => !other.members.has(element))
    return make(members, this.children, (element, set) => set.difference(other.below(element)))
  }

  /** Without the paths of the other one and all that lies below them. */
  recursiveDifference(other: FieldSet): FieldSet {
    if (other.isEmpty) return this
    const members = [...this.members].filter(element => !other.members.has(element))
    return make(members, this.children, (element, set) =>
      other.members.has(element) ? FieldSet.empty : set.recursiveDifference(other.below(element)),
    )
  }

  equals(other: FieldSet): boolean {
    if (this === other) return true
    if (this.members.size !== other.members.size || this.children.size !== other.children.size) return false
    for (const element of this.members) if (!other.members.has(element)) return false
    for (const [element, set] of this.children) {
      const theirs = other.children.get(element)
      if (theirs === undefined || !set.equals(theirs)) return false
    }
    return true
  }

  /** With each declared field that something lies below as a member itself. */
  withNamedFields(schema: MergeSchema): FieldSet {
    const resolved = resolve(schema, this.children.size > 0 ? {} : undefined)
    const members = new Set(this.members)
    const children = new Map<PathElement, FieldSet>()
    for (const [element, set] of this.children) {
      let inner: MergeSchema | undefined
      if (resolved.is === 'map' && element.startsWith('f:')) {
        const declared = resolved.field(element.slice(2))
        if (declared !== undefined) members.add(element)
        inner = declared ?? resolved.element
      } else if (resolved.is === 'list') inner = resolved.element
      children.set(element, set.withNamedFields(inner ?? { is: 'deduced' }))
    }
    return new FieldSet(members, children)
  }

  /** Every path, outer ones first. */
  *paths(prefix: readonly PathElement[] = []): Generator<readonly PathElement[]> {
    for (const element of [...this.members].sort()) yield [...prefix, element]
    for (const [element, set] of [...this.children].sort(([a], [b]) => (a < b ? -1 : 1))) {
      yield* set.paths([...prefix, element])
    }
  }
}

function make(
  members: readonly PathElement[],
  children: ReadonlyMap<PathElement, FieldSet>,
  change: (element: PathElement, set: FieldSet) => FieldSet,
): FieldSet {
  const changed = new Map<PathElement, FieldSet>()
  for (const [element, set] of children) {
    const rest = change(element, set)
    if (!rest.isEmpty) changed.set(element, rest)
  }
  return new FieldSet(new Set(members), changed)
}

export class FieldSetBuilder {
  readonly #members = new Set<PathElement>()
  readonly #children = new Map<PathElement, FieldSetBuilder>()

  insert(path: readonly PathElement[]): void {
    const [first, ...rest] = path
    if (first === undefined) return
    if (rest.length === 0) this.add(first)
    else this.below(first).insert(rest)
  }

  add(element: PathElement): void {
    this.#members.add(element)
  }

  below(element: PathElement): FieldSetBuilder {
    let child = this.#children.get(element)
    if (child === undefined) {
      child = new FieldSetBuilder()
      this.#children.set(element, child)
    }
    return child
  }

  build(): FieldSet {
    const children = new Map<PathElement, FieldSet>()
    for (const [element, builder] of this.#children) {
      const set = builder.build()
      if (!set.isEmpty) children.set(element, set)
    }
    if (this.#members.size === 0 && children.size === 0) return FieldSet.empty
    return new FieldSet(this.#members, children)
  }
}
