// Conditions: a list by type, whose transition time moves only when the status does.

interface Condition {
  readonly type: string
  readonly status: string
  readonly lastTransitionTime?: string
}

export function withCondition<C extends Condition>(conditions: readonly C[], condition: C): C[] {
  const before = conditions.find(({ type }) => type === condition.type)
  const kept =
    before?.status === condition.status && before.lastTransitionTime !== undefined
      ? { ...condition, lastTransitionTime: before.lastTransitionTime }
      : condition
  if (before === undefined) return [...conditions, kept]
  return conditions.map(present => (present === before ? kept : present))
}
