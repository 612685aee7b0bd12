// A container's environment variables and where their values come from.
import { boolean, embed, type Infer, type Message, message, one, quantity, string } from '../../schema/message.ts'
import { type LocalObjectReference, localObjectReference } from './references.ts'

export const envVar = message('api.core.v1.EnvVar', "A variable in a container's environment.", {
  name: string(1, "The variable's name: printable ASCII without '='.", { required: true, nonEmpty: true }),
  value: string(2, 'The value. $(NAME) stands for a variable defined before it; $$ for one dollar sign.'),
  valueFrom: one(
    3,
    'Where the value comes from instead; not together with value.',
    (): Message<EnvVarSource> => envVarSource,
  ),
})
export interface EnvVar extends Infer<typeof envVar> {}

export const envVarSource = message(
  'api.core.v1.EnvVarSource',
  "Where a variable's value comes from; exactly one is given.",
  {
    fieldRef: one(1, 'A field of the pod itself.', (): Message<ObjectFieldSelector> => objectFieldSelector),
    resourceFieldRef: one(
      2,
      'A limit or request of the container.',
      (): Message<ResourceFieldSelector> => resourceFieldSelector,
    ),
    configMapKeyRef: one(3, 'An entry of a ConfigMap.', (): Message<ConfigMapKeySelector> => configMapKeySelector),
    secretKeyRef: one(4, 'An entry of a Secret.', (): Message<SecretKeySelector> => secretKeySelector),
    fileKeyRef: one(
      5,
      'A variable from a file that an init container wrote.',
      (): Message<FileKeySelector> => fileKeySelector,
    ),
  },
)
export interface EnvVarSource extends Infer<typeof envVarSource> {}

export const objectFieldSelector = message('api.core.v1.ObjectFieldSelector', 'A field of an object.', {
  apiVersion: string(1, 'The version of the object in which the path is meant; default v1.'),
  fieldPath: string(2, "The field's path: metadata.name, metadata.labels['app'], status.podIP.", {
    required: true,
    nonEmpty: true,
  }),
})
export interface ObjectFieldSelector extends Infer<typeof objectFieldSelector> {}

export const resourceFieldSelector = message(
  'api.core.v1.ResourceFieldSelector',
  'An amount a container may use or asks for.',
  {
    containerName: string(1, 'The container; in a volume it must be named, in a variable it is the container itself.'),
    resource: string(2, 'Which amount: limits.cpu, requests.memory.', { required: true, nonEmpty: true }),
    divisor: quantity(3, 'The unit the amount is told in: 1m, 1Mi; default 1. It is rounded up.'),
  },
)
export interface ResourceFieldSelector extends Infer<typeof resourceFieldSelector> {}

export const configMapKeySelector = message(
  'api.core.v1.ConfigMapKeySelector',
  'An entry of a ConfigMap.',
  {
    key: string(2, "The entry's key.", { required: true, nonEmpty: true }),
    optional: boolean(3, 'Whether the ConfigMap or its entry may be missing.', { explicit: true }),
  },
  embed(1, 'localObjectReference', (): Message<LocalObjectReference> => localObjectReference),
)
export interface ConfigMapKeySelector extends Infer<typeof configMapKeySelector> {}

export const secretKeySelector = message(
  'api.core.v1.SecretKeySelector',
  'An entry of a Secret.',
  {
    key: string(2, "The entry's key.", { required: true, nonEmpty: true }),
    optional: boolean(3, 'Whether the Secret or its entry may be missing.', { explicit: true }),
  },
  embed(1, 'localObjectReference', (): Message<LocalObjectReference> => localObjectReference),
)
export interface SecretKeySelector extends Infer<typeof secretKeySelector> {}

export const fileKeySelector = message('api.core.v1.FileKeySelector', 'A variable in a file of a volume.', {
  volumeName: string(1, 'The volume, which must be an emptyDir.', { required: true, nonEmpty: true }),
  path: string(2, "The file's path within the volume; relative, without '..'.", { required: true, nonEmpty: true }),
  key: string(3, "The variable's name in the file.", { required: true, nonEmpty: true }),
  optional: boolean(4, 'Whether the file or its variable may be missing.', { explicit: true }),
})
export interface FileKeySelector extends Infer<typeof fileKeySelector> {}

export const envFromSource = message(
  'api.core.v1.EnvFromSource',
  'Variables from all entries of a ConfigMap or Secret.',
  {
    prefix: string(1, "Stands in front of each variable's name."),
    configMapRef: one(2, 'The ConfigMap.', (): Message<ConfigMapEnvSource> => configMapEnvSource),
    secretRef: one(3, 'The Secret.', (): Message<SecretEnvSource> => secretEnvSource),
  },
)
export interface EnvFromSource extends Infer<typeof envFromSource> {}

export const configMapEnvSource = message(
  'api.core.v1.ConfigMapEnvSource',
  'A ConfigMap whose entries become variables.',
  {
    optional: boolean(2, 'Whether the ConfigMap may be missing.', { explicit: true }),
  },
  embed(1, 'localObjectReference', (): Message<LocalObjectReference> => localObjectReference),
)
export interface ConfigMapEnvSource extends Infer<typeof configMapEnvSource> {}

export const secretEnvSource = message(
  'api.core.v1.SecretEnvSource',
  'A Secret whose entries become variables.',
  {
    optional: boolean(2, 'Whether the Secret may be missing.', { explicit: true }),
  },
  embed(1, 'localObjectReference', (): Message<LocalObjectReference> => localObjectReference),
)
export interface SecretEnvSource extends Infer<typeof secretEnvSource> {}
