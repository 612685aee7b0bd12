// The table behind a Snapshot, kept current in place: a change costs one row, not a copy of the cluster.
import type { Node } from '../../api/kinds/core-v1/node.ts'
import { amountOf } from '../../api/kinds/core-v1/pod-requests.ts'
import type { Stored } from '../../api/kinds/kind.ts'
import type { PodInfo } from './pod-info.ts'
import type { ResourceNames } from './resources.ts'
import type { NodeInfo, Snapshot } from './snapshot.ts'

interface Row extends NodeInfo {
  node: Stored<Node>
  images: Map<string, number>
  readonly pods: Map<string, PodInfo>
  readonly ports: Map<string, Map<string, number>>
}

/** Changes remembered; a power of two. */
const remembered = 8192
const smallest = 16

export class NodeTable implements Snapshot {
  readonly resources: ResourceNames
  readonly #rows: Row[] = []
  readonly #byName = new Map<string, number>()
  readonly #imageSpread = new Map<string, number>()
  readonly #changes = new Int32Array(remembered)
  #capacity = smallest
  allocatable: (Float64Array | undefined)[] = []
  requested: (Float64Array | undefined)[] = []
  comparedCpuMilli = new Float64Array(smallest)
  comparedMemoryBytes = new Float64Array(smallest)
  podCount = new Int32Array(smallest)
  allowedPods = new Int32Array(smallest)
  layout = 0
  version = 0

  constructor(resources: ResourceNames) {
    this.resources = resources
  }

  get size(): number {
    return this.#rows.length
  }

  node(row: number): NodeInfo {
    return this.#row(row)
  }

  rowOf(name: string): number | undefined {
    return this.#byName.get(name)
  }

  imageSpread(image: string): number {
    return this.#imageSpread.get(image) ?? 0
  }

  changedSince(version: number): readonly number[] | undefined {
    if (this.version - version > remembered) return undefined
    const rows: number[] = []
    for (let at = version; at < this.version; at++) rows.push(this.#changes[at & (remembered - 1)] ?? 0)
    return rows
  }

  /** Adds a node, or takes over its new state. */
  setNode(node: Stored<Node>): void {
    const { name } = node.metadata
    const row = this.#byName.get(name) ?? this.#append(name, node)
    const entry = this.#row(row)
    if (JSON.stringify(entry.node.status.images) !== JSON.stringify(node.status.images)) {
      this.#setImages(entry, node)
      this.layout++
    }
    entry.node = node
    for (const column of this.allocatable) if (column) column[row] = 0
    const { allocatable = {} } = node.status
    for (const [resource, quantity] of Object.entries(allocatable)) {
      if (resource === 'pods') this.allowedPods[row] = amountOf(resource, quantity)
      else this.#column(this.allocatable, this.resources.column(resource))[row] = amountOf(resource, quantity)
    }
    if (allocatable['pods'] === undefined) this.allowedPods[row] = 0
    this.#changed(row)
  }

  /** Forgets a node; the last row moves into its place. Pods on it must be taken off first. */
  removeNode(name: string): void {
    const row = this.#byName.get(name)
    if (row === undefined) return
    const gone = this.#row(row)
    for (const image of gone.images.keys()) this.#spread(image, -1)
    this.#byName.delete(name)
    this.layout++
    const last = this.#rows.pop()
    if (last && last !== gone) {
      this.#rows[row] = last
      this.#byName.set(last.name, row)
    }
    const end = this.#rows.length
    for (const array of this.#arrays()) {
      array[row] = array[end] ?? 0
      array[end] = 0
    }
  }

  /** Counts a pod against a node. A node that isn't there is passed over: false. */
  addPod(name: string, pod: PodInfo): boolean {
    return this.#count(name, pod, 1)
  }

  removePod(name: string, pod: PodInfo): boolean {
    return this.#count(name, pod, -1)
  }

  #count(name: string, pod: PodInfo, sign: 1 | -1): boolean {
    const row = this.#byName.get(name)
    if (row === undefined) return false
    const entry = this.#row(row)
    if (entry.pods.has(pod.uid) === (sign === 1)) return false
    if (sign === 1) entry.pods.set(pod.uid, pod)
    else entry.pods.delete(pod.uid)
    for (const [column, value] of pod.requests.amounts) plus(this.#column(this.requested, column), row, sign * value)
    plus(this.comparedCpuMilli, row, sign * pod.requests.comparedCpuMilli)
    plus(this.comparedMemoryBytes, row, sign * pod.requests.comparedMemoryBytes)
    plus(this.podCount, row, sign)
    for (const { ip, protocol, port } of pod.hostPorts) {
      const key = `${protocol}/${port}`
      const taken = entry.ports.get(key) ?? new Map<string, number>()
      const left = (taken.get(ip) ?? 0) + sign
      if (left > 0) taken.set(ip, left)
      else taken.delete(ip)
      if (taken.size > 0) entry.ports.set(key, taken)
      else entry.ports.delete(key)
    }
    this.#changed(row)
    return true
  }

  #row(row: number): Row {
    const entry = this.#rows[row]
    if (!entry) throw new RangeError(`no node in row ${row} of ${this.#rows.length}`)
    return entry
  }

  #append(name: string, node: Stored<Node>): number {
    const entry = { name, node, images: new Map<string, number>(), pods: new Map(), ports: new Map() }
    const row = this.#rows.push(entry) - 1
    this.#byName.set(name, row)
    this.#setImages(entry, node)
    this.layout++
    if (row >= this.#capacity) this.#grow()
    return row
  }

  #grow(): void {
    this.#capacity *= 2
    const wider = (array: Float64Array | undefined) => array && widened(array, new Float64Array(this.#capacity))
    this.allocatable = this.allocatable.map(wider)
    this.requested = this.requested.map(wider)
    this.comparedCpuMilli = widened(this.comparedCpuMilli, new Float64Array(this.#capacity))
    this.comparedMemoryBytes = widened(this.comparedMemoryBytes, new Float64Array(this.#capacity))
    this.podCount = widened(this.podCount, new Int32Array(this.#capacity))
    this.allowedPods = widened(this.allowedPods, new Int32Array(this.#capacity))
  }

  #column(columns: (Float64Array | undefined)[], column: number): Float64Array {
    return (columns[column] ??= new Float64Array(this.#capacity))
  }

  #arrays(): (Float64Array | Int32Array)[] {
    const columns = [...this.allocatable, ...this.requested].filter(column => column !== undefined)
    return [...columns, this.comparedCpuMilli, this.comparedMemoryBytes, this.podCount, this.allowedPods]
  }

  #setImages(entry: Row, node: Stored<Node>): void {
    for (const image of entry.images.keys()) this.#spread(image, -1)
    entry.images = new Map()
    for (const { names = [], sizeBytes = 0 } of node.status.images ?? []) {
      for (const name of names) entry.images.set(name, sizeBytes)
    }
    for (const image of entry.images.keys()) this.#spread(image, 1)
  }

  #spread(image: string, sign: 1 | -1): void {
    const count = this.imageSpread(image) + sign
    if (count > 0) this.#imageSpread.set(image, count)
    else this.#imageSpread.delete(image)
  }

  #changed(row: number): void {
    this.#changes[this.version & (remembered - 1)] = row
    this.version++
  }
}

function plus(array: Float64Array | Int32Array, row: number, value: number): void {
  array[row] = (array[row] ?? 0) + value
}

function widened<A extends Float64Array | Int32Array>(from: A, to: A): A {
  to.set(from)
  return to
}
