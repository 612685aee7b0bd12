// What a pod asks of its node. The scheduler counts it before it binds a pod, the node's agent before it admits one.

import { Quantity } from '../../values/quantity.ts'
import type { Container } from './container.ts'
import type { PodSpec } from './pod.ts'

/** By resource: CPU in thousandths, everything else in whole units (bytes, devices). */
export type Amounts = ReadonlyMap<string, number>

type Quantities = Readonly<Record<string, string>>

/** As the container states them. */
const stated = (container: Container): Quantities => container.resources.requests ?? {}

/**
 * For its containers and sidecars together, or for the largest moment of its initialisation (an init container and the
 * sidecars started before it), whichever is more; and the pod's overhead. Requests of the pod as a whole take the place
 * of its containers'. (KEP-753, KEP-2837.)
 * @param requestsOf what a container counts for
 * @throws QuantityError
 */
export function podRequests(spec: PodSpec, requestsOf: (container: Container) => Quantities = stated): Amounts {
  const sum = together(spec, requestsOf)
  for (const [name, quantity] of Object.entries(spec.resources?.requests ?? {})) sum.set(name, amountOf(name, quantity))
  add(sum, spec.overhead ?? {})
  return sum
}

/**
 * The same of limits, overhead aside. A container without a limit counts for nothing: whoever caps the pod by these
 * must see first that every container has one.
 * @throws QuantityError
 */
export function podLimits(spec: PodSpec): Amounts {
  const sum = together(spec, ({ resources }) => resources.limits ?? {})
  for (const [name, quantity] of Object.entries(spec.resources?.limits ?? {})) sum.set(name, amountOf(name, quantity))
  return sum
}

function together(spec: PodSpec, of: (container: Container) => Quantities): Map<string, number> {
  const running = new Map<string, number>()
  const sidecars = new Map<string, number>()
  const peak = new Map<string, number>()
  for (const container of spec.containers) add(running, of(container))
  for (const container of spec.initContainers ?? []) {
    const amounts = of(container)
    const moment = new Map(sidecars)
    add(moment, amounts)
    raise(peak, moment)
    if (container.restartPolicy !== 'Always') continue
    add(running, amounts)
    add(sidecars, amounts)
  }
  raise(running, peak)
  return running
}

function add(sum: Map<string, number>, quantities: Quantities): void {
  for (const [name, quantity] of Object.entries(quantities)) {
    sum.set(name, (sum.get(name) ?? 0) + amountOf(name, quantity))
  }
}

function raise(most: Map<string, number>, other: Amounts): void {
  for (const [name, value] of other) if (value > (most.get(name) ?? 0)) most.set(name, value)
}

/** A cluster knows few different quantities, and reads each of them very often. */
const known = new Map<string, number>()
const mostKnown = 10_000

/** A quantity of a resource as Amounts count it. @throws QuantityError when the text is no quantity */
export function amountOf(resource: string, quantity: string): number {
  const key = resource === 'cpu' ? `cpu ${quantity}` : quantity
  const cached = known.get(key)
  if (cached !== undefined) return cached
  const parsed = Quantity.parse(quantity)
  const value = resource === 'cpu' ? parsed.milliValue() : parsed.value()
  if (known.size >= mostKnown) known.clear()
  known.set(key, value)
  return value
}
