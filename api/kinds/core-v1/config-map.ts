import { type FieldError, invalid, tooLong } from '../../schema/field-error.ts'
import { boolean, type Infer, map } from '../../schema/message.ts'
import { byteLength, configKeyErrors } from '../../values/names.ts'
import { age, ageColumn, column, nameColumn } from '../columns.ts'
import { kind } from '../kind.ts'
import { objectSchema } from '../object.ts'
import { must } from '../rules.ts'
import { countEntries, decodedLength, mostDataBytes, validateFrozen } from './config-data.ts'

const schema = objectSchema('api.core.v1.ConfigMap', 'Settings for programs, as named texts.', {
  data: map(2, 'Texts by key; all values of data and binaryData together hold at most 1 MiB.', 'string'),
  binaryData: map(3, 'Bytes by key; no key may be in data too.', 'bytes'),
  immutable: boolean(4, 'Whether nothing but metadata may ever change.', { explicit: true }),
})
export interface ConfigMap extends Infer<typeof schema> {}

export const configMaps = kind<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  singular: 'configmap',
  shortNames: ['cm'],
  namespaced: true,
  schema,
  validate,
  validateUpdate: (configMap, old) => validateFrozen(configMap, old, ['data', 'binaryData']),
  table: {
    columns: [nameColumn, column('Data', 'How many entries it has.'), ageColumn],
    cells: (configMap, nowMs) => [
      configMap.metadata.name ?? '',
      countEntries(configMap.data, configMap.binaryData),
      age(configMap, nowMs),
    ],
  },
})

function validate({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
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
  if (bytes > mostDataBytes) errors.push(tooLong('data', mostDataBytes))
  return errors
}
