// Pods tolerate a lost node for a while.
import type { Toleration } from '../../../api/kinds/core-v1/affinity.ts'
import { pods } from '../../../api/kinds/core-v1/pod.ts'
import { objectOf, writesPod } from './objects.ts'
import type { AdmissionPlugin } from './plugin.ts'

/** A pod stays this long on a node that is lost, unless it says otherwise. */
const lostNodeSeconds = 300
const taints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  handles: writesPod,
  mutate({ object }) {
    const pod = objectOf(pods, object)
    const { tolerations = [] } = pod.spec
    const added = taints
      .filter(key => !tolerations.some(toleration => speaksOf(toleration, key)))
      .map((key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: lostNodeSeconds }))
    if (added.length > 0) pod.spec = { ...pod.spec, tolerations: [...tolerations, ...added] }
  },
}

/** Who tolerates such a taint in any way has decided already. */
function speaksOf({ key, effect, operator }: Toleration, taint: string): boolean {
  const anyKey = key === undefined && operator === 'Exists'
  return (anyKey || key === taint) && (effect === undefined || effect === 'NoExecute')
}
