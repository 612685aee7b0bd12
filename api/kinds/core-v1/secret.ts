import { type FieldError, invalid, required, tooLong } from '../../schema/field-error.ts'
import { boolean, type Infer, map, string } from '../../schema/message.ts'
import { configKeyErrors } from '../../values/names.ts'
import { age, ageColumn, column, nameColumn } from '../columns.ts'
import { kind } from '../kind.ts'
import { objectSchema } from '../object.ts'
import { immutable, must } from '../rules.ts'
import { countEntries, decodedLength, mostDataBytes, validateFrozen } from './config-data.ts'

const schema = objectSchema('api.core.v1.Secret', 'Settings for programs that not everybody may read.', {
  data: map(2, 'Values by key, in base64; together at most 1 MiB.', 'bytes'),
  type: string(3, 'What the entries mean, and which must be there: Opaque (default), kubernetes.io/tls, and so on.'),
  stringData: map(4, 'Values as text, for writing: they are moved to data, and never read back.', 'string'),
  immutable: boolean(5, 'Whether nothing but metadata may ever change.', { explicit: true }),
})
export interface Secret extends Infer<typeof schema> {}

export const secrets = kind<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  resource: 'secrets',
  singular: 'secret',
  namespaced: true,
  schema,
  setDefaults,
  validate,
  validateUpdate,
  selectableFields: ({ type }) => ({ type: type ?? '' }),
  table: {
    columns: [
      nameColumn,
      column('Type', 'What the entries mean.'),
      column('Data', 'How many entries it has.'),
      ageColumn,
    ],
    cells: (secret, nowMs) => [
      secret.metadata.name ?? '',
      secret.type ?? '',
      countEntries(secret.data),
      age(secret, nowMs),
    ],
  },
})

/** stringData is how people write data; it is not kept. */
function setDefaults(secret: Secret): void {
  secret.type ??= 'Opaque'
  const { stringData } = secret
  if (stringData === undefined) return
  const encoded = Object.entries(stringData).map(([key, text]) => [key, base64(text)] as const)
  secret.data = Object.fromEntries([...Object.entries(secret.data ?? {}), ...encoded])
  delete secret.stringData
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}

/** Keys each type of secret must have: all of a list. */
const neededKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
}
const serviceAccountName = 'kubernetes.io/service-account.name'

function validate({ metadata, data = {}, type = 'Opaque' }: Secret): FieldError[] {
  const errors: FieldError[] = []
  let bytes = 0
  for (const [key, value] of Object.entries(data)) {
    must(errors, `data[${key}]`, key, configKeyErrors)
    bytes += decodedLength(value)
  }
  if (bytes > mostDataBytes) errors.push(tooLong('data', mostDataBytes))
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

function validateUpdate(secret: Secret, old: Secret): FieldError[] {
  const errors: FieldError[] = []
  immutable(errors, 'type', secret.type, old.type)
  return [...errors, ...validateFrozen(secret, old, ['data'])]
}
