// What keeps a namespace from going, in the words of Kubernetes' namespace controller. Pure.
import type { NamespaceCondition } from '../../../api/kinds/core-v1/namespace.ts'
import { timeOf } from '../../../api/values/time.ts'

/** Objects of one resource that are still there. */
export interface Remaining {
  /** `pods`, `leases.coordination.k8s.io`. */
  readonly resource: string
  readonly count: number
  /** By finalizer: how many wait for it. */
  readonly finalizers: ReadonlyMap<string, number>
}

export function remainingConditions(
  present: readonly NamespaceCondition[],
  remaining: readonly Remaining[],
  nowMs: number,
): NamespaceCondition[] {
  const resources = remaining.map(({ resource, count }) => `${resource}. has ${count} resource instances`).sort()
  const waiting = new Map<string, number>()
  for (const { finalizers } of remaining) {
    for (const [name, count] of finalizers) waiting.set(name, (waiting.get(name) ?? 0) + count)
  }
  const finalizers = [...waiting].map(([name, count]) => `${name} in ${count} resource instances`).sort()
  const wanted = [
    resources.length > 0
      ? condition(
          'NamespaceContentRemaining',
          'True',
          'SomeResourcesRemain',
          `Some resources are remaining: ${resources.join(', ')}`,
        )
      : condition('NamespaceContentRemaining', 'False', 'ContentRemoved', 'All content successfully removed'),
    finalizers.length > 0
      ? condition(
          'NamespaceFinalizersRemaining',
          'True',
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}`,
        )
      : condition(
          'NamespaceFinalizersRemaining',
          'False',
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        ),
  ]
  return wanted.map(one => {
    const old = present.find(({ type }) => type === one.type)
    const lastTransitionTime = old?.status === one.status ? old.lastTransitionTime : timeOf(nowMs)
    return { ...one, ...(lastTransitionTime !== undefined && { lastTransitionTime }) }
  })
}

export function sameConditions(a: readonly NamespaceCondition[], b: readonly NamespaceCondition[]): boolean {
  const text = ({ type, status, message }: NamespaceCondition): string => JSON.stringify([type, status, message])
  return a.map(text).sort().join() === b.map(text).sort().join()
}

const condition = (type: string, status: 'True' | 'False', reason: string, message: string): NamespaceCondition => ({
  type,
  status,
  reason,
  message,
})
