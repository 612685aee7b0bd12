// Objects for tests, made as a server makes them: decoded, defaults set.
import { decode } from '../schema/decode.ts'
import { type Pod, pods } from './core-v1/pod.ts'
import type { Kind, KubernetesObject } from './kind.ts'

/** An object of a kind with its defaults; what is unknown is an error here. */
export function made<T extends KubernetesObject>(kind: Kind<T>, json: object): T {
  const { object, unknown } = decode(kind.schema, json)
  if (unknown.length > 0) throw new Error(unknown.join(', '))
  kind.setDefaults(object)
  return object
}

/** Everything a server finds wrong with a new object, as `field: message`. */
export function wrongWith<T extends KubernetesObject>(kind: Kind<T>, object: T): string[] {
  return kind.validate(object).map(({ field, message }) => `${field}: ${message}`)
}

/** Everything a server finds wrong with an update, besides the new object itself. */
export function wrongWithUpdate<T extends KubernetesObject>(kind: Kind<T>, object: T, old: T): string[] {
  return kind.validateUpdate(object, old).map(({ field, message }) => `${field}: ${message}`)
}

/** Everything a server finds wrong with a new status, besides structure and metadata. */
export function wrongWithStatus<T extends KubernetesObject>(kind: Kind<T>, object: T, old: T): string[] {
  const errors = kind.subresources.flatMap(sub =>
    sub.is === 'view' && sub.name === 'status' ? (sub.validateUpdate?.(object, old) ?? []) : [],
  )
  return errors.map(({ field, message }) => `${field}: ${message}`)
}

/** A valid pod of one container, with changes to its spec and to that container. */
export function podOf(spec: object = {}, container: object = {}, rest: object = {}): Pod {
  return made(pods, {
    metadata: { name: 'p', namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'busybox:1', ...container }], ...spec },
    ...rest,
  })
}
