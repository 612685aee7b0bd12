// How the kubelet names a pod in its messages.
import type { Pod } from '../planning/situation.ts'

/** `web_default(2fd0a2…)` */
export const podName = ({ metadata }: Pick<Pod, 'metadata'>): string =>
  `${metadata.name}_${metadata.namespace ?? ''}(${metadata.uid})`
