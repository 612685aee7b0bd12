// Pods act in somebody's name: the default account of their namespace, unless they say otherwise.
import { pods } from '../../../api/kinds/core-v1/pod.ts'
import { isMirrorPod, objectOf, writesPod } from './objects.ts'
import type { AdmissionPlugin } from './plugin.ts'

export const serviceAccount: AdmissionPlugin = {
  name: 'ServiceAccount',
  handles: writesPod,
  mutate({ object, old }) {
    const pod = objectOf(pods, object)
    if (isMirrorPod(pod)) return
    // Whoever leaves out what the cluster added means to keep it.
    const kept = old === undefined ? 'default' : objectOf(pods, old).spec.serviceAccountName
    const serviceAccountName = pod.spec.serviceAccountName ?? kept
    if (serviceAccountName !== undefined) {
      pod.spec = { ...pod.spec, serviceAccountName, serviceAccount: serviceAccountName }
    }
  },
}
