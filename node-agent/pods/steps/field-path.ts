import { initContainers, type Pod } from '../planning/situation.ts'

/** The part of the pod an event is about: `spec.containers{web}`. */
export const fieldPath = (pod: Pod, container: string): string =>
  initContainers(pod).some(({ name }) => name === container)
    ? `spec.initContainers{${container}}`
    : `spec.containers{${container}}`
