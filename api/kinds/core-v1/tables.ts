// The tables of kinds that show little.
import { age, ageColumn, column, nameColumn } from '../columns.ts'
import type { Columns } from '../kind.ts'
import type { ConfigMap } from './config-map.ts'
import type { Namespace } from './namespace.ts'
import type { Secret } from './secret.ts'

const dataColumn = column('Data', 'How many entries it has.')

const count = (...maps: readonly (Readonly<Record<string, string>> | undefined)[]) =>
  maps.reduce((sum, map) => sum + Object.keys(map ?? {}).length, 0)

export const namespaceTable: Columns<Namespace> = {
  columns: [nameColumn, column('Status', 'Active, or Terminating while what it holds is deleted.'), ageColumn],
  cells: (namespace, nowMs) => [namespace.metadata.name ?? '', namespace.status.phase ?? '', age(namespace, nowMs)],
}

export const configMapTable: Columns<ConfigMap> = {
  columns: [nameColumn, dataColumn, ageColumn],
  cells: (configMap, nowMs) => [
    configMap.metadata.name ?? '',
    count(configMap.data, configMap.binaryData),
    age(configMap, nowMs),
  ],
}

export const secretTable: Columns<Secret> = {
  columns: [nameColumn, column('Type', 'What the entries mean.'), dataColumn, ageColumn],
  cells: (secret, nowMs) => [secret.metadata.name ?? '', secret.type ?? '', count(secret.data), age(secret, nowMs)],
}
