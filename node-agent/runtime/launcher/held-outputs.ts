// A FIFO's content dies with the last process that has it open. A container that ends while no runtime is there must not
// take its last words along: the launcher holds its output FIFOs, from before the start until the exit is acknowledged.
import { hasCode } from '../../sys/errno.ts'
import { closeFd, O_NONBLOCK, O_RDONLY, openPath } from '../../sys/fd.ts'
import { type ProcessPlan } from '../container/plan.ts'

/** Paths of the FIFOs a plan's program writes to. */
export function outputsOf(plan: ProcessPlan): string[] {
  const sources = plan.steps.flatMap(step => (step.do === 'openStdio' ? [step.stdout, step.stderr] : []))
  return [...new Set(sources.flatMap(source => (source.kind === 'fifo' && source.hold ? [source.path] : [])))]
}

/** Opens them, close-on-exec; those that do not exist are left out. */
export function holdOutputs(paths: readonly string[]): number[] {
  const held: number[] = []
  try {
    for (const path of paths) {
      try {
        // For reading, which keeps the content as well and lets other readers still see when the last writer is gone.
        held.push(openPath(path, O_RDONLY | O_NONBLOCK))
      } catch (error) {
        if (!hasCode(error, 'ENOENT')) throw error
      }
    }
    return held
  } catch (error) {
    releaseOutputs(held)
    throw error
  }
}

export function releaseOutputs(held: readonly number[]): void {
  held.forEach(closeFd)
}
