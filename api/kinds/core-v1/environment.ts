// A container's environment variables and where their values come from.
import { atomic, boolean, embed, type Infer, message, one, quantity, string } from '../../schema/message.ts'
import { localObjectReference } from './references.ts'

export const objectFieldSelector = atomic(
  message('api.core.v1.ObjectFieldSelector', 'A field of an object.', {
    apiVersion: string(1, 'The version of the object in which the path is meant; default v1.'),
    fieldPath: string(2, "The field's path: metadata.name, metadata.labels['app'], status.podIP.", {
      required: true,
      nonEmpty: true,
    }),
  }),
)
export interface ObjectFieldSelector extends Infer<typeof objectFieldSelector> {}

export const resourceFieldSelector = atomic(
  message('api.core.v1.ResourceFieldSelector', 'An amount a container may use or asks for.', {
    containerName: string(1, 'The container; in a volume it must be named, in a variable it is the container itself.'),
    resource: string(2, 'Which amount: limits.cpu, requests.memory.', { required: true, nonEmpty: true }),
    divisor: quantity(3, 'The unit the amount is told in: 1m, 1Mi; default 1. It is rounded up.'),
  }),
)
export interface ResourceFieldSelector extends Infer<typeof resourceFieldSelector> {}

export const configMapKeySelector = atomic(
  message(
    'api.core.v1.ConfigMapKeySelector',
    'An entry of a ConfigMap.',
    {
      key: string(2, "The entry's key.", { required: true, nonEmpty: true }),
      optional: boolean(3, 'Whether the ConfigMap or its entry may be missing.', { explicit: true }),
    },
    embed(1, 'localObjectReference', localObjectReference),
  ),
)

export const secretKeySelector = atomic(
  message(
    'api.core.v1.SecretKeySelector',
    'An entry of a Secret.',
    {
      key: string(2, "The entry's key.", { required: true, nonEmpty: true }),
      optional: boolean(3, 'Whether the Secret or its entry may be missing.', { explicit: true }),
    },
    embed(1, 'localObjectReference', localObjectReference),
  ),
)

export const fileKeySelector = atomic(
  message('api.core.v1.FileKeySelector', 'A variable in a file of a volume.', {
    volumeName: string(1, 'The volume, which must be an emptyDir.', { required: true, nonEmpty: true }),
    path: string(2, "The file's path within the volume; relative, without '..'.", { required: true, nonEmpty: true }),
    key: string(3, "The variable's name in the file.", { required: true, nonEmpty: true }),
    optional: boolean(4, 'Whether the file or its variable may be missing.', { explicit: true }),
  }),
)

export const envVarSource = message(
  'api.core.v1.EnvVarSource',
  "Where a variable's value comes from; exactly one is given.",
  {
    fieldRef: one(1, 'A field of the pod itself.', objectFieldSelector),
    resourceFieldRef: one(2, 'A limit or request of the container.', resourceFieldSelector),
    configMapKeyRef: one(3, 'An entry of a ConfigMap.', configMapKeySelector),
    secretKeyRef: one(4, 'An entry of a Secret.', secretKeySelector),
    fileKeyRef: one(5, 'A variable from a file that an init container wrote.', fileKeySelector),
  },
)
export interface EnvVarSource extends Infer<typeof envVarSource> {}

export const envVar = message('api.core.v1.EnvVar', "A variable in a container's environment.", {
  name: string(1, "The variable's name: printable ASCII without '='.", { required: true, nonEmpty: true }),
  value: string(2, 'The value. $(NAME) stands for a variable defined before it; $$ for one dollar sign.'),
  valueFrom: one(3, 'Where the value comes from instead; not together with value.', envVarSource),
})
export interface EnvVar extends Infer<typeof envVar> {}

export const configMapEnvSource = message(
  'api.core.v1.ConfigMapEnvSource',
  'A ConfigMap whose entries become variables.',
  {
    optional: boolean(2, 'Whether the ConfigMap may be missing.', { explicit: true }),
  },
  embed(1, 'localObjectReference', localObjectReference),
)

export const secretEnvSource = message(
  'api.core.v1.SecretEnvSource',
  'A Secret whose entries become variables.',
  {
    optional: boolean(2, 'Whether the Secret may be missing.', { explicit: true }),
  },
  embed(1, 'localObjectReference', localObjectReference),
)

export const envFromSource = message(
  'api.core.v1.EnvFromSource',
  'Variables from all entries of a ConfigMap or Secret.',
  {
    prefix: string(1, "Stands in front of each variable's name."),
    configMapRef: one(2, 'The ConfigMap.', configMapEnvSource),
    secretRef: one(3, 'The Secret.', secretEnvSource),
  },
)
export interface EnvFromSource extends Infer<typeof envFromSource> {}
