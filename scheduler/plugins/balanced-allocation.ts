import type { ScorePlugin } from '../framework/plugin.ts'
import { cpu, memory } from '../framework/resources.ts'

/** Prefers nodes whose CPU and memory would be used to about the same degree, so that neither is left stranded. */
export const balancedAllocation: ScorePlugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  prepare({ requests: { amounts } }, snapshot) {
    const cpuMilli = amounts.get(cpu) ?? 0
    const memoryBytes = amounts.get(memory) ?? 0
    // Where a pod asks for nothing it changes no balance.
    if (cpuMilli === 0 && memoryBytes === 0) return undefined
    return {
      scale: 'none',
      score: row => {
        const cpuTotal = snapshot.allocatable[cpu]?.[row] ?? 0
        const memoryTotal = snapshot.allocatable[memory]?.[row] ?? 0
        if (cpuTotal === 0 || memoryTotal === 0) return 100
        const cpuShare = Math.min(1, ((snapshot.requested[cpu]?.[row] ?? 0) + cpuMilli) / cpuTotal)
        const memoryShare = Math.min(1, ((snapshot.requested[memory]?.[row] ?? 0) + memoryBytes) / memoryTotal)
        // The standard deviation of two values is half their distance.
        return Math.floor((1 - Math.abs(cpuShare - memoryShare) / 2) * 100)
      },
    }
  },
}
