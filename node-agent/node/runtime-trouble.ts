// Why containers can't be run here, from what the runtime says of itself.
import type { RuntimeClient } from '../../client/runtime.ts'
import type { RuntimeTrouble } from './conditions.ts'

const answerMs = 5_000

/** Never throws: not to be answered is an answer. */
export async function runtimeTrouble(runtime: Pick<RuntimeClient, 'status'>): Promise<RuntimeTrouble> {
  try {
    const { status } = await runtime.status({}, { timeoutMs: answerMs })
    const bad = (status?.conditions ?? []).filter(condition => condition.status !== true)
    if (bad.length === 0) return undefined
    const troubles = bad.map(({ type = '', reason = '', message = '' }) => {
      const what = type === 'NetworkReady' ? 'container runtime network' : 'container runtime'
      return `${what} not ready: ${type}=false reason:${reason} message:${message}`
    })
    return troubles.length === 1 ? troubles[0] : `[${troubles.join(', ')}]`
  } catch (error) {
    return `container runtime is down: ${error instanceof Error ? error.message : String(error)}`
  }
}
