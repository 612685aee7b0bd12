// What ConfigMaps and Secrets must be like.
import { type FieldError, forbidden, invalid, required, tooLong } from '../../schema/field-error.ts'
import { byteLength, configKeyErrors } from '../../values/names.ts'
import { immutable, must, same } from '../rules.ts'
import type { ConfigMap } from './config-map.ts'
import type { Secret } from './secret.ts'

/** All values together: etcd takes requests of at most 1.5 MB. */
const mostBytes = 1024 * 1024

const decodedLength = (base64: string) =>
  (base64.length / 4) * 3 - (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0)

export function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const errors: FieldError[] = []
  let bytes = 0
  for (const [key, value] of Object.entries(data)) {
    must(errors, `data[${key}]`, key, configKeyErrors)
    if (Object.hasOwn(binaryData, key))
      errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'))
    bytes += byteLength(value)
  }
  for (const [key, value] of Object.entries(binaryData)) {
    must(errors, `binaryData[${key}]`, key, configKeyErrors)
    bytes += decodedLength(value)
  }
  if (bytes > mostBytes) errors.push(tooLong('data', mostBytes))
  return errors
}

export function validateConfigMapUpdate(configMap: ConfigMap, old: ConfigMap): FieldError[] {
  return validateFrozen(configMap, old, ['data', 'binaryData'])
}

/** Keys each type of secret must have: all of a list. */
const neededKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
}
const serviceAccountName = 'kubernetes.io/service-account.name'

export function validateSecret({ metadata, data = {}, type = 'Opaque' }: Secret): FieldError[] {
  const errors: FieldError[] = []
  let bytes = 0
  for (const [key, value] of Object.entries(data)) {
    must(errors, `data[${key}]`, key, configKeyErrors)
    bytes += decodedLength(value)
  }
  if (bytes > mostBytes) errors.push(tooLong('data', mostBytes))
  for (const key of neededKeys[type] ?? []) {
    if (!Object.hasOwn(data, key)) errors.push(required(`data[${key}]`))
    else if (type.startsWith('kubernetes.io/docker')) errors.push(...validateJson(data[key] ?? '', `data[${key}]`))
  }
  if (type === 'kubernetes.io/basic-auth' && !Object.hasOwn(data, 'username') && !Object.hasOwn(data, 'password')) {
    errors.push(required('data[username]'), required('data[password]'))
  }
  if (type === 'kubernetes.io/service-account-token' && (metadata.annotations?.[serviceAccountName] ?? '') === '') {
    errors.push(required(`metadata.annotations[${serviceAccountName}]`))
  }
  return errors
}

/** The value is a secret, so the message does not show it. */
function validateJson(base64: string, field: string): FieldError[] {
  try {
    JSON.parse(Buffer.from(base64, 'base64').toString('utf8'))
    return []
  } catch {
    return [invalid(field, '<secret contents redacted>', 'must be valid JSON')]
  }
}

export function validateSecretUpdate(secret: Secret, old: Secret): FieldError[] {
  const errors: FieldError[] = []
  immutable(errors, 'type', secret.type, old.type)
  return [...errors, ...validateFrozen(secret, old, ['data'])]
}

/** Once an object is immutable it stays as it is, and immutable. */
function validateFrozen<T extends ConfigMap | Secret>(
  now: T,
  old: T,
  fields: readonly (keyof T & string)[],
): FieldError[] {
  if (old.immutable !== true) return []
  const detail = 'field is immutable when `immutable` is set'
  const errors = now.immutable === true ? [] : [forbidden('immutable', detail)]
  for (const field of fields) if (!same(now[field], old[field])) errors.push(forbidden(field, detail))
  return errors
}
