import { boolean, type Infer, int32, list, type Message, message, one, string } from '../../schema/message.ts'
import { type EnvFromSource, type EnvVar, envFromSource, envVar } from './environment.ts'
import { type Lifecycle, lifecycle, type Probe, probe } from './probes.ts'
import { type ResourceRequirements, resourceRequirements } from './resources.ts'
import { type SecurityContext, securityContext } from './security.ts'

export const container = message('api.core.v1.Container', '', {
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
export interface Container extends Infer<typeof container> {}

export const containerPort = message('api.core.v1.ContainerPort', '', {
  name: string(1, ''),
  hostPort: int32(2, '', { min: 1, max: 65535 }),
  containerPort: int32(3, '', { required: true, min: 1, max: 65535 }),
  protocol: string(4, '', { default: 'TCP', enum: ['TCP', 'UDP', 'SCTP'] }),
  hostIP: string(5, ''),
})
export interface ContainerPort extends Infer<typeof containerPort> {}

export const containerResizePolicy = message('api.core.v1.ContainerResizePolicy', '', {
  resourceName: string(1, '', { required: true, enum: ['cpu', 'memory'] }),
  restartPolicy: string(2, '', { required: true, enum: ['NotRequired', 'RestartContainer'] }),
})
export interface ContainerResizePolicy extends Infer<typeof containerResizePolicy> {}

export const containerRestartRule = message('api.core.v1.ContainerRestartRule', '', {
  action: string(1, '', { required: true, enum: ['Restart', 'RestartAllContainers'], nonEmpty: true }),
  exitCodes: one(2, '', (): Message<ContainerRestartRuleOnExitCodes> => containerRestartRuleOnExitCodes),
})
export interface ContainerRestartRule extends Infer<typeof containerRestartRule> {}

export const containerRestartRuleOnExitCodes = message('api.core.v1.ContainerRestartRuleOnExitCodes', '', {
  operator: string(1, '', { required: true, enum: ['In', 'NotIn'] }),
  values: list(2, '', 'int32', { listType: 'set' }),
})
export interface ContainerRestartRuleOnExitCodes extends Infer<typeof containerRestartRuleOnExitCodes> {}

export const volumeMount = message('api.core.v1.VolumeMount', '', {
  name: string(1, '', { required: true, nonEmpty: true }),
  readOnly: boolean(2, ''),
  mountPath: string(3, '', { required: true, nonEmpty: true }),
  subPath: string(4, ''),
  mountPropagation: string(5, '', { explicit: true, enum: ['Bidirectional', 'HostToContainer', 'None'] }),
  subPathExpr: string(6, ''),
  recursiveReadOnly: string(7, '', { explicit: true, enum: ['Disabled', 'Enabled', 'IfPossible'] }),
})
export interface VolumeMount extends Infer<typeof volumeMount> {}

export const volumeDevice = message('api.core.v1.VolumeDevice', '', {
  name: string(1, '', { required: true, nonEmpty: true }),
  devicePath: string(2, '', { required: true, nonEmpty: true }),
})
export interface VolumeDevice extends Infer<typeof volumeDevice> {}
