import type { QueueSort } from '../framework/plugin.ts'

/** Higher priority first, then the pod that has waited longer. */
export const prioritySort: QueueSort = (a, b) => b.priority - a.priority || a.createdMs - b.createdMs
