// Which container a command means that names none, as kubectl chooses: the one an annotation names, else the first.
import { type Pod, pods } from '../api/kinds/core-v1/pod.ts'
import type { Context } from './context.ts'

const annotation = 'kubectl.kubernetes.io/default-container'

/** Says which one it took when there were several to choose from. */
export async function defaultContainer(context: Context, name: string): Promise<string> {
  const pod = await context.client().get(pods, { namespace: context.namespace(), name })
  const names = containerNames(pod)
  const asked = pod.metadata.annotations?.[annotation]
  if (asked !== undefined && names.includes(asked)) return asked
  const [first = ''] = names
  if (names.length > 1) context.stderr.write(`Defaulted container "${first}" out of: ${names.join(', ')}\n`)
  return first
}

/** The pod's own containers, then its init containers. */
export function containerNames({ spec }: Pod): string[] {
  return [...spec.containers, ...(spec.initContainers ?? [])].map(container => container.name)
}
