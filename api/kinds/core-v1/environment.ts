// A container's environment variables and where their values come from.
import { boolean, embed, type Infer, type Message, message, one, quantity, string } from '../../schema/message.ts'
import { type LocalObjectReference, localObjectReference } from './references.ts'

export const envVar = message('api.core.v1.EnvVar', '', {
  name: string(1, '', { required: true, nonEmpty: true }),
  value: string(2, ''),
  valueFrom: one(3, '', (): Message<EnvVarSource> => envVarSource),
})
export interface EnvVar extends Infer<typeof envVar> {}

export const envVarSource = message('api.core.v1.EnvVarSource', '', {
  fieldRef: one(1, '', (): Message<ObjectFieldSelector> => objectFieldSelector),
  resourceFieldRef: one(2, '', (): Message<ResourceFieldSelector> => resourceFieldSelector),
  configMapKeyRef: one(3, '', (): Message<ConfigMapKeySelector> => configMapKeySelector),
  secretKeyRef: one(4, '', (): Message<SecretKeySelector> => secretKeySelector),
  fileKeyRef: one(5, '', (): Message<FileKeySelector> => fileKeySelector),
})
export interface EnvVarSource extends Infer<typeof envVarSource> {}

export const objectFieldSelector = message('api.core.v1.ObjectFieldSelector', '', {
  apiVersion: string(1, ''),
  fieldPath: string(2, '', { required: true, nonEmpty: true }),
})
export interface ObjectFieldSelector extends Infer<typeof objectFieldSelector> {}

export const resourceFieldSelector = message('api.core.v1.ResourceFieldSelector', '', {
  containerName: string(1, ''),
  resource: string(2, '', { required: true, nonEmpty: true }),
  divisor: quantity(3, ''),
})
export interface ResourceFieldSelector extends Infer<typeof resourceFieldSelector> {}

export const configMapKeySelector = message(
  'api.core.v1.ConfigMapKeySelector',
  '',
  {
    key: string(2, '', { required: true, nonEmpty: true }),
    optional: boolean(3, '', { explicit: true }),
  },
  embed(1, 'localObjectReference', (): Message<LocalObjectReference> => localObjectReference),
)
export interface ConfigMapKeySelector extends Infer<typeof configMapKeySelector> {}

export const secretKeySelector = message(
  'api.core.v1.SecretKeySelector',
  '',
  {
    key: string(2, '', { required: true, nonEmpty: true }),
    optional: boolean(3, '', { explicit: true }),
  },
  embed(1, 'localObjectReference', (): Message<LocalObjectReference> => localObjectReference),
)
export interface SecretKeySelector extends Infer<typeof secretKeySelector> {}

export const fileKeySelector = message('api.core.v1.FileKeySelector', '', {
  volumeName: string(1, '', { required: true, nonEmpty: true }),
  path: string(2, '', { required: true, nonEmpty: true }),
  key: string(3, '', { required: true, nonEmpty: true }),
  optional: boolean(4, '', { explicit: true }),
})
export interface FileKeySelector extends Infer<typeof fileKeySelector> {}

export const envFromSource = message('api.core.v1.EnvFromSource', '', {
  prefix: string(1, ''),
  configMapRef: one(2, '', (): Message<ConfigMapEnvSource> => configMapEnvSource),
  secretRef: one(3, '', (): Message<SecretEnvSource> => secretEnvSource),
})
export interface EnvFromSource extends Infer<typeof envFromSource> {}

export const configMapEnvSource = message(
  'api.core.v1.ConfigMapEnvSource',
  '',
  {
    optional: boolean(2, '', { explicit: true }),
  },
  embed(1, 'localObjectReference', (): Message<LocalObjectReference> => localObjectReference),
)
export interface ConfigMapEnvSource extends Infer<typeof configMapEnvSource> {}

export const secretEnvSource = message(
  'api.core.v1.SecretEnvSource',
  '',
  {
    optional: boolean(2, '', { explicit: true }),
  },
  embed(1, 'localObjectReference', (): Message<LocalObjectReference> => localObjectReference),
)
export interface SecretEnvSource extends Infer<typeof secretEnvSource> {}
