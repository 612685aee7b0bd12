// Which objects a plugin is about.

import { StatusError } from '../../../api/errors.ts'
import { type Pod, pods } from '../../../api/kinds/core-v1/pod.ts'
import type { Kind, KubernetesObject } from '../../../api/kinds/kind.ts'
import type { Attributes } from './plugin.ts'

/** Whether the request addresses this resource. */
export const isOf = ({ kind }: Pick<Attributes, 'kind'>, { group, resource }: Kind): boolean =>
  kind.group === group && kind.resource === resource

/** Whether it creates or updates a pod itself. */
export const writesPod = (attributes: Attributes): boolean =>
  isOf(attributes, pods) &&
  attributes.subresource === '' &&
  (attributes.operation === 'create' || attributes.operation === 'update')

/** @throws StatusError 500: the registry handed over something else */
export function objectOf<T extends KubernetesObject>(kind: Kind<T>, object: KubernetesObject | undefined): T {
  if (object !== undefined && isKind(kind, object)) return object
  throw StatusError.internalError(`a request for ${kind.resource} was judged without a ${kind.kind}`)
}

function isKind<T extends KubernetesObject>({ kind, apiVersion }: Kind<T>, object: KubernetesObject): object is T {
  return object.kind === kind && object.apiVersion === apiVersion
}

export const mirrorAnnotation = 'kubernetes.io/config.mirror'

/** The mirror of a pod that a node runs by itself: what it is was decided there. */
export const isMirrorPod = ({ metadata }: Pod): boolean => Object.hasOwn(metadata.annotations ?? {}, mirrorAnnotation)
