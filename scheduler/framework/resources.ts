// What pods ask of nodes, as plain numbers: CPU in thousandths, everything else in whole units (bytes, devices).
import type { Container, PodSpec } from '../../api/kinds/core-v1.ts'
import { Quantity } from '../../api/values/quantity.ts'

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

type Quantities = Readonly<Record<string, string>>

export interface Requests {
  /** What must be free on the node. */
  readonly amounts: Amounts
  /** As above with the unstated requests of every container filled in. */
  readonly comparedCpuMilli: number
  readonly comparedMemoryBytes: number
}

/**
 * What a pod asks for: its containers and sidecars together, or the largest moment of its initialisation (an init
 * container and the sidecars started before it), whichever is more; and the pod's overhead. Requests of the pod as a
 * whole take the place of its containers'. (KEP-753, KEP-2837.)
 */
export function podRequests(spec: PodSpec, names: ResourceNames): Requests {
  const amounts = total(spec, container => container.resources.requests ?? {}, names)
  const compared = total(
    spec,
    ({ resources: { requests = {} } }) => ({
      cpu: requests['cpu'] ?? `${unstatedCpuMilli}m`,
      memory: requests['memory'] ?? String(unstatedMemoryBytes),
    }),
    names,
  )
  return {
    amounts,
    comparedCpuMilli: compared.get(cpu) ?? 0,
    comparedMemoryBytes: compared.get(memory) ?? 0,
  }
}

function total(spec: PodSpec, requestsOf: (container: Container) => Quantities, names: ResourceNames): Amounts {
  const running = new Map<number, number>()
  const sidecars = new Map<number, number>()
  const peak = new Map<number, number>()
  for (const container of spec.containers) add(running, requestsOf(container), names)
  for (const container of spec.initContainers ?? []) {
    const requests = requestsOf(container)
    if (container.restartPolicy === 'Always') {
      add(running, requests, names)
      add(sidecars, requests, names)
      raise(peak, sidecars)
    } else {
      const moment = new Map(sidecars)
      add(moment, requests, names)
      raise(peak, moment)
    }
  }
  raise(running, peak)
  for (const [name, quantity] of Object.entries(spec.resources?.requests ?? {})) {
    const column = names.column(name)
    running.set(column, amount(name, quantity))
  }
  add(running, spec.overhead ?? {}, names)
  return running
}

function add(sum: Map<number, number>, quantities: Quantities, names: ResourceNames): void {
  for (const [name, quantity] of Object.entries(quantities)) {
    const column = names.column(name)
    sum.set(column, (sum.get(column) ?? 0) + amount(name, quantity))
  }
}

function raise(most: Map<number, number>, other: Amounts): void {
  for (const [column, value] of other) if (value > (most.get(column) ?? 0)) most.set(column, value)
}

/** A cluster knows few different quantities, and reads each of them very often. */
const known = new Map<string, number>()
const mostKnown = 10_000

/** @throws QuantityError when the text is no quantity */
export function amount(name: string, quantity: string): number {
  const key = name === 'cpu' ? `cpu ${quantity}` : quantity
  const cached = known.get(key)
  if (cached !== undefined) return cached
  const parsed = Quantity.parse(quantity)
  const value = name === 'cpu' ? parsed.milliValue() : parsed.value()
  if (known.size >= mostKnown) known.clear()
  known.set(key, value)
  return value
}
