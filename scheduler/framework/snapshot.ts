// The nodes as plugins see them: numbers in typed arrays, a row a node, a column a resource.
import type { Node } from '../../api/kinds/core-v1/node.ts'
import type { Stored } from '../../api/kinds/kind.ts'
import type { PodInfo } from './pod-info.ts'
import type { ResourceNames } from './resources.ts'

export interface NodeInfo {
  readonly name: string
  readonly node: Stored<Node>
  /** Image names to bytes. */
  readonly images: ReadonlyMap<string, number>
  /** The pods that count against the node, assumed ones included, by uid. */
  readonly pods: ReadonlyMap<string, PodInfo>
  /** Taken host ports: `TCP/80` to addresses, each with how many pods take it. */
  readonly ports: ReadonlyMap<string, ReadonlyMap<string, number>>
}

/** Nothing changes while a pod is being placed. Rows are good for that long, and no longer. */
export interface Snapshot {
  readonly resources: ResourceNames
  /** How many nodes there are; rows are 0 to size - 1. */
  readonly size: number
  node(row: number): NodeInfo
  /** By column, then row. A column nobody has is undefined. */
  readonly allocatable: readonly (Float64Array | undefined)[]
  readonly requested: readonly (Float64Array | undefined)[]
  /** Requested, with what pods leave unstated filled in (resources.ts); for comparing nodes. */
  readonly comparedCpuMilli: Float64Array
  readonly comparedMemoryBytes: Float64Array
  readonly podCount: Int32Array
  readonly allowedPods: Int32Array
  /** On how many nodes an image is. */
  imageSpread(image: string): number

  /** Changes when nodes come or go, or their images do: rows and all that was prepared are void. */
  readonly layout: number
  /** Grows with every change to a row. */
  readonly version: number
  /** The rows changed after a version, perhaps repeated; undefined when that is too long ago to know. */
  changedSince(version: number): readonly number[] | undefined
}
