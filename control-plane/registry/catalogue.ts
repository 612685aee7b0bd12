// What is served, at this moment: every kind by its names. It begins with the kinds of this build and changes while the
// server runs; whoever makes something of it (discovery, OpenAPI) asks for its generation, or is told of changes.
import type { Kind } from '../../api/kinds/kind.ts'
import type { BodyKind } from '../../api/kinds/subresource.ts'
import { compareVersions } from '../../api/values/api-version.ts'

export interface CatalogueChange {
  /** Of the catalogue after the change. */
  readonly generation: number
  readonly type: 'added' | 'removed'
  readonly kind: Kind
}

export interface ServedGroup {
  /** '' for the core group. */
  readonly name: string
  /** In order of preference. */
  readonly versions: readonly string[]
}

const everyGroupHas = new Set(['List', 'Status', 'DeleteOptions', 'WatchEvent'])

export class Catalogue {
  #kinds: readonly Kind[] = []
  readonly #byResource = new Map<string, Kind>()
  readonly #byKind = new Map<string, Kind>()
  readonly #listeners = new Set<(change: CatalogueChange) => void>()
  #generation = 0

  /** Counts the changes. */
  get generation(): number {
    return this.#generation
  }

  /** Groups as they came, in each the preferred version first, in each kinds as they came. */
  get kinds(): readonly Kind[] {
    return this.#kinds
  }

  get groups(): readonly ServedGroup[] {
    const groups = new Map<string, Set<string>>()
    for (const { group, version } of this.#kinds) groups.set(group, (groups.get(group) ?? new Set()).add(version))
    return [...groups].map(([name, versions]) => ({ name, versions: [...versions] }))
  }

  /** The kind behind a path: `find('', 'v1', 'pods')`. */
  find(group: string, version: string, resource: string): Kind | undefined {
    return this.#byResource.get(`${group}/${version}/${resource}`)
  }

  /** The kind an object says it is of: `findKind('v1', 'Pod')`. */
  findKind(apiVersion: string, kind: string): Kind | undefined {
    return this.#byKind.get(`${apiVersion}/${kind}`)
  }

  /** How a body is understood that says of what kind it is: an object of a kind, or what a subresource takes. */
  findBody(apiVersion: string, kind: string): BodyKind | undefined {
    const served = this.findKind(apiVersion, kind)
    if (served !== undefined) return served
    for (const { subresources } of this.#kinds) {
      for (const subresource of subresources) {
        if (subresource.is === 'connect') continue
        const { body } = subresource
        if (body?.apiVersion === apiVersion && body.kind === kind) return body
      }
    }
    return undefined
  }

  /** Whether objects say of themselves that they are of this kind: what is served, lists of it, and what every group has. */
  registers(apiVersion: string, kind: string): boolean {
    if (everyGroupHas.has(kind)) return this.#kinds.some(served => served.apiVersion === apiVersion)
    if (this.findBody(apiVersion, kind) !== undefined) return true
    return kind.endsWith('List') && this.findKind(apiVersion, kind.slice(0, -'List'.length)) !== undefined
  }

  /** @throws RangeError when something of that name is served */
  add(kind: Kind): void {
    const [path, name] = [pathOf(kind), `${kind.apiVersion}/${kind.kind}`]
    if (this.#byResource.has(path) || this.#byKind.has(name)) throw new RangeError(`${path} is served already`)
    this.#byResource.set(path, kind)
    this.#byKind.set(name, kind)
    this.#kinds = inOrder([...this.#kinds, kind])
    this.#changed('added', kind)
  }

  /** What is not served is not removed. */
  remove(kind: Kind): void {
    if (this.#byResource.get(pathOf(kind)) !== kind) return
    this.#byResource.delete(pathOf(kind))
    this.#byKind.delete(`${kind.apiVersion}/${kind.kind}`)
    this.#kinds = this.#kinds.filter(other => other !== kind)
    this.#changed('removed', kind)
  }

  /** @returns how to stop */
  subscribe(listener: (change: CatalogueChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #changed(type: CatalogueChange['type'], kind: Kind): void {
    const change = { generation: ++this.#generation, type, kind }
    for (const listener of this.#listeners) listener(change)
  }
}

const pathOf = ({ group, version, resource }: Kind): string => `${group}/${version}/${resource}`

function inOrder(kinds: readonly Kind[]): Kind[] {
  const groups = [...new Set(kinds.map(({ group }) => group))]
  return groups.flatMap(group =>
    kinds.filter(kind => kind.group === group).sort((a, b) => compareVersions(a.version, b.version)),
  )
}
