// Objects for tests, made as a server makes them: decoded, defaults set.
import { decode } from '../schema/decode.ts'
import { setDeclaredDefaults } from '../schema/defaults.ts'
import { validateStructure } from '../schema/structure.ts'
import { type Pod, pods } from './core-v1.ts'
import type { Kind, KubernetesObject } from './kind.ts'

/** An object of a kind with its defaults; what is unknown is an error here. */
export function made<T extends KubernetesObject>(kind: Kind<T>, json: object): T {
  const { object, unknown } = decode(kind.schema, json)
  if (unknown.length > 0) throw new Error(unknown.join(', '))
  setDeclaredDefaults(kind.schema, object)
  kind.behaviour.setDefaults?.(object)
  return object
}

/** Everything a server finds wrong with a new object, as `field: message`. */
export function wrongWith<T extends KubernetesObject>(kind: Kind<T>, object: T): string[] {
  const errors = [...validateStructure(kind.schema, object), ...(kind.behaviour.validate?.(object) ?? [])]
  return errors.map(({ field, message }) => `${field}: ${message}`)
}

/** Everything a server finds wrong with an update, besides the new object itself. */
export function wrongWithUpdate<T extends KubernetesObject>(kind: Kind<T>, object: T, old: T): string[] {
  return (kind.behaviour.validateUpdate?.(object, old) ?? []).map(({ field, message }) => `${field}: ${message}`)
}

/** A valid pod of one container, with changes to its spec and to that container. */
export function podOf(spec: object = {}, container: object = {}, rest: object = {}): Pod {
  return made(pods, {
    metadata: { name: 'p', namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'busybox:1', ...container }], ...spec },
    ...rest,
  })
}
