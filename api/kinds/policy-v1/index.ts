// The kinds of the group version policy/v1.
import type { Kind } from '../kind.ts'
import { podDisruptionBudgets } from './pod-disruption-budget.ts'

export const policyV1: readonly Kind[] = [podDisruptionBudgets]
