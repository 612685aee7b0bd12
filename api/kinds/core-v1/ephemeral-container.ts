import { boolean, embed, type Infer, list, type Message, message, one, string } from '../../schema/message.ts'
import {
  type ContainerPort,
  type ContainerResizePolicy,
  type ContainerRestartRule,
  containerPort,
  containerResizePolicy,
  containerRestartRule,
  type VolumeDevice,
  type VolumeMount,
  volumeDevice,
  volumeMount,
} from './container.ts'
import { type EnvFromSource, type EnvVar, envFromSource, envVar } from './environment.ts'
import { type Lifecycle, lifecycle, type Probe, probe } from './probes.ts'
import { type ResourceRequirements, resourceRequirements } from './resources.ts'
import { type SecurityContext, securityContext } from './security.ts'

export const ephemeralContainer = message(
  'api.core.v1.EphemeralContainer',
  '',
  {
    targetContainerName: string(2, ''),
  },
  embed(1, 'ephemeralContainerCommon', (): Message<EphemeralContainerCommon> => ephemeralContainerCommon),
)
export interface EphemeralContainer extends Infer<typeof ephemeralContainer> {}

export const ephemeralContainerCommon = message('api.core.v1.EphemeralContainerCommon', '', {
  name: string(1, '', { required: true, nonEmpty: true }),
  image: string(2, ''),
  command: list(3, '', 'string', { listType: 'atomic' }),
  args: list(4, '', 'string', { listType: 'atomic' }),
  workingDir: string(5, ''),
  ports: list(6, '', (): Message<ContainerPort> => containerPort, {
    listType: 'map',
    keys: ['containerPort', 'protocol'],
    patch: 'merge',
    mergeKey: 'containerPort',
  }),
  envFrom: list(19, '', (): Message<EnvFromSource> => envFromSource, { listType: 'atomic' }),
  env: list(7, '', (): Message<EnvVar> => envVar, {
    listType: 'map',
    keys: ['name'],
    patch: 'merge',
    mergeKey: 'name',
  }),
  resources: one(8, '', (): Message<ResourceRequirements> => resourceRequirements, { byValue: true }),
  resizePolicy: list(23, '', (): Message<ContainerResizePolicy> => containerResizePolicy, { listType: 'atomic' }),
  restartPolicy: string(24, '', { explicit: true, enum: ['Always', 'OnFailure', 'Never'] }),
  restartPolicyRules: list(25, '', (): Message<ContainerRestartRule> => containerRestartRule, { listType: 'atomic' }),
  volumeMounts: list(9, '', (): Message<VolumeMount> => volumeMount, {
    listType: 'map',
    keys: ['mountPath'],
    patch: 'merge',
    mergeKey: 'mountPath',
  }),
  volumeDevices: list(21, '', (): Message<VolumeDevice> => volumeDevice, {
    listType: 'map',
    keys: ['devicePath'],
    patch: 'merge',
    mergeKey: 'devicePath',
  }),
  livenessProbe: one(10, '', (): Message<Probe> => probe),
  readinessProbe: one(11, '', (): Message<Probe> => probe),
  startupProbe: one(22, '', (): Message<Probe> => probe),
  lifecycle: one(12, '', (): Message<Lifecycle> => lifecycle),
  terminationMessagePath: string(13, ''),
  terminationMessagePolicy: string(20, '', { enum: ['FallbackToLogsOnError', 'File'] }),
  imagePullPolicy: string(14, '', { enum: ['Always', 'IfNotPresent', 'Never'] }),
  securityContext: one(15, '', (): Message<SecurityContext> => securityContext),
  stdin: boolean(16, ''),
  stdinOnce: boolean(17, ''),
  tty: boolean(18, ''),
})
export interface EphemeralContainerCommon extends Infer<typeof ephemeralContainerCommon> {}
