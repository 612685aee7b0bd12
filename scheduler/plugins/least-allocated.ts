import type { ScorePlugin } from '../framework/plugin.ts'
import { cpu, memory } from '../framework/resources.ts'

/**
 * Spreads: the share of CPU and memory that stays free with the pod in place, averaged. The strategy LeastAllocated of
 * NodeResourcesFit, whose name it carries.
 */
export const leastAllocated: ScorePlugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  prepare({ requests: { comparedCpuMilli, comparedMemoryBytes } }, snapshot) {
    return {
      scale: 'none',
      score: row => {
        const cpuTotal = snapshot.allocatable[cpu]?.[row] ?? 0
        const memoryTotal = snapshot.allocatable[memory]?.[row] ?? 0
        let sum = 0
        let weights = 0
        if (cpuTotal > 0) {
          sum += freeShare(cpuTotal, (snapshot.comparedCpuMilli[row] ?? 0) + comparedCpuMilli)
          weights++
        }
        if (memoryTotal > 0) {
          sum += freeShare(memoryTotal, (snapshot.comparedMemoryBytes[row] ?? 0) + comparedMemoryBytes)
          weights++
        }
        return weights === 0 ? 0 : Math.floor(sum / weights)
      },
    }
  },
}

/** 0 to 100, in whole numbers. */
function freeShare(total: number, requested: number): number {
  return requested > total ? 0 : Math.floor(((total - requested) * 100) / total)
}
