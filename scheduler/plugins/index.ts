// The plugins of the default profile, in kube-scheduler's order and with its weights.
import type { Plugins } from '../framework/plugin.ts'
import { balancedAllocation } from './balanced-allocation.ts'
import { dynamicResources } from './dynamic-resources.ts'
import { imageLocality } from './image-locality.ts'
import { leastAllocated } from './least-allocated.ts'
import { nodeAffinityFilter, nodeAffinityScore } from './node-affinity.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { preemptionOutlook } from './preemption-outlook.ts'
import { prioritySort } from './priority-sort.ts'
import { taintTolerationFilter, taintTolerationScore } from './taint-toleration.ts'

export const defaultPlugins: Plugins = {
  queueSort: prioritySort,
  filter: [nodeUnschedulable, nodeName, taintTolerationFilter, nodeAffinityFilter, nodePorts, nodeResourcesFit],
  postFilter: [dynamicResources, preemptionOutlook],
  score: [taintTolerationScore, nodeAffinityScore, leastAllocated, balancedAllocation, imageLocality],
  reserve: [],
  permit: [],
}
