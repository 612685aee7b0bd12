// What pods ask of nodes, as plain numbers: CPU in thousandths, everything else in whole units (bytes, devices).
import type { PodSpec } from '../../api/kinds/core-v1/pod.ts'
import { podRequests } from '../../api/kinds/core-v1/pod-requests.ts'

/** Amounts by column (see ResourceNames); what a pod doesn't ask for is absent. */
type Amounts = ReadonlyMap<number, number>

export const cpu = 0
export const memory = 1

/** Gives every resource's name a column. cpu, memory and ephemeral-storage have the first three. */
export class ResourceNames {
  readonly #names = ['cpu', 'memory', 'ephemeral-storage']
  readonly #columns = new Map(this.#names.map((name, column) => [name, column]))

  get count(): number {
    return this.#names.length
  }

  name(column: number): string {
    return this.#names[column] ?? ''
  }

  column(name: string): number {
    const known = this.#columns.get(name)
    if (known !== undefined) return known
    this.#columns.set(name, this.#names.length)
    return this.#names.push(name) - 1
  }
}

/** A request that isn't stated counts as this much when nodes are compared, so that such pods spread too. */
const unstatedCpuMilli = 100
const unstatedMemoryBytes = 200 * 1024 * 1024

export interface Requests {
  /** What must be free on the node. */
  readonly amounts: Amounts
  /** As above with the unstated requests of every container filled in. */
  readonly comparedCpuMilli: number
  readonly comparedMemoryBytes: number
}

/** By column, and as compared. @throws QuantityError */
export function requestsOf(spec: PodSpec, names: ResourceNames): Requests {
  const amounts = new Map([...podRequests(spec)].map(([name, amount]) => [names.column(name), amount]))
  const compared = podRequests(spec, ({ resources: { requests = {} } }) => ({
    cpu: requests['cpu'] ?? `${unstatedCpuMilli}m`,
    memory: requests['memory'] ?? String(unstatedMemoryBytes),
  }))
  return {
    amounts,
    comparedCpuMilli: compared.get('cpu') ?? 0,
    comparedMemoryBytes: compared.get('memory') ?? 0,
  }
}
