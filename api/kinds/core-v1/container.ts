import { boolean, type Infer, int32, list, message, one, string } from '../../schema/message.ts'
import { envFromSource, envVar } from './environment.ts'
import { lifecycle, probe } from './probes.ts'
import { resourceRequirements } from './resources.ts'
import { securityContext } from './security.ts'

export const containerPort = message('api.core.v1.ContainerPort', 'A port a container listens on.', {
  name: string(1, 'A name, unique in the pod, that probes and services may use.'),
  hostPort: int32(2, 'The port of the node that leads to it; few pods need one.', { min: 1, max: 65535 }),
  containerPort: int32(3, "The port's number.", { required: true, min: 1, max: 65535 }),
  protocol: string(4, 'TCP, UDP, or SCTP.', { default: 'TCP', enum: ['TCP', 'UDP', 'SCTP'] }),
  hostIP: string(5, 'The address of the node that hostPort is bound to.'),
})
export interface ContainerPort extends Infer<typeof containerPort> {}

export const containerResizePolicy = message(
  'api.core.v1.ContainerResizePolicy',
  'What happens to a container when an amount changes.',
  {
    resourceName: string(1, 'The resource: cpu or memory.', { required: true, enum: ['cpu', 'memory'] }),
    restartPolicy: string(2, 'NotRequired changes it in place, RestartContainer starts the container anew.', {
      required: true,
      enum: ['NotRequired', 'RestartContainer'],
    }),
  },
)
export interface ContainerResizePolicy extends Infer<typeof containerResizePolicy> {}

export const containerRestartRuleOnExitCodes = message(
  'api.core.v1.ContainerRestartRuleOnExitCodes',
  'A set of exit codes.',
  {
    operator: string(1, 'In the values, or NotIn them.', { required: true, enum: ['In', 'NotIn'] }),
    values: list(2, 'The exit codes; at most 255.', 'int32', { listType: 'set' }),
  },
)

export const containerRestartRule = message(
  'api.core.v1.ContainerRestartRule',
  'What to do when a container ended in some way.',
  {
    action: string(1, 'What to do: Restart the container, or RestartAllContainers of the pod.', {
      required: true,
      enum: ['Restart', 'RestartAllContainers'],
      nonEmpty: true,
    }),
    exitCodes: one(2, 'The exit codes it is done for.', containerRestartRuleOnExitCodes),
  },
)
export interface ContainerRestartRule extends Infer<typeof containerRestartRule> {}

export const volumeMount = message('api.core.v1.VolumeMount', "A volume of the pod in a container's file system.", {
  name: string(1, "The volume's name.", { required: true, nonEmpty: true }),
  readOnly: boolean(2, 'Whether nothing can be written through this mount.'),
  mountPath: string(3, "Where it appears in the container; without ':'.", { required: true, nonEmpty: true }),
  subPath: string(4, 'The path within the volume that appears there; default its root.'),
  mountPropagation: string(
    5,
    'How mounts spread between node and container: None (default), HostToContainer, or Bidirectional.',
    { explicit: true, enum: ['Bidirectional', 'HostToContainer', 'None'] },
  ),
  subPathExpr: string(6, "As subPath, with $(NAME) for the container's variables; not together with it."),
  recursiveReadOnly: string(7, 'Whether mounts below are read-only too: Disabled (default), IfPossible, or Enabled.', {
    explicit: true,
    enum: ['Disabled', 'Enabled', 'IfPossible'],
  }),
})
export interface VolumeMount extends Infer<typeof volumeMount> {}

export const volumeDevice = message(
  'api.core.v1.VolumeDevice',
  'A block volume of the pod as a device in a container.',
  {
    name: string(1, "The name of the pod's claim.", { required: true, nonEmpty: true }),
    devicePath: string(2, "The device's path in the container.", { required: true, nonEmpty: true }),
  },
)
export interface VolumeDevice extends Infer<typeof volumeDevice> {}

/** An ephemeral container is declared with the same fields as any other, by another name. */
export const containerFields = {
  name: string(1, "The container's name, unique in its pod.", { required: true, nonEmpty: true }),
  image: string(2, 'The image: registry/name:tag or name@digest.'),
  command: list(
    3,
    "The program and its first arguments, instead of the image's entrypoint; without a shell.",
    'string',
    { listType: 'atomic' },
  ),
  args: list(4, "Arguments, instead of the image's.", 'string', { listType: 'atomic' }),
  workingDir: string(5, "The directory the program starts in; default the image's."),
  ports: list(
    6,
    'Ports the container listens on, for people and for names; leaving one out does not close it.',
    containerPort,
    { listType: 'map', keys: ['containerPort', 'protocol'], patch: 'merge', mergeKey: 'containerPort' },
  ),
  envFrom: list(19, 'Variables from ConfigMaps and Secrets; a later one wins.', envFromSource, { listType: 'atomic' }),
  env: list(7, 'Variables, which win over those of envFrom.', envVar, {
    listType: 'map',
    keys: ['name'],
    patch: 'merge',
    mergeKey: 'name',
  }),
  resources: one(8, 'What the container asks for and may use.', resourceRequirements, { byValue: true }),
  resizePolicy: list(23, 'What happens to the container when its resources change.', containerResizePolicy, {
    listType: 'atomic',
  }),
  restartPolicy: string(
    24,
    "Overrides the pod's policy for this container; Always makes an init container stay beside the others.",
    { explicit: true, enum: ['Always', 'OnFailure', 'Never'] },
  ),
  restartPolicyRules: list(
    25,
    'Exceptions from restartPolicy by exit code; the first that fits counts.',
    containerRestartRule,
    { listType: 'atomic' },
  ),
  volumeMounts: list(9, 'Where volumes of the pod appear in the container.', volumeMount, {
    listType: 'map',
    keys: ['mountPath'],
    patch: 'merge',
    mergeKey: 'mountPath',
  }),
  volumeDevices: list(21, 'Where block devices of the pod appear in the container.', volumeDevice, {
    listType: 'map',
    keys: ['devicePath'],
    patch: 'merge',
    mergeKey: 'devicePath',
  }),
  livenessProbe: one(10, 'Tells whether the container still works; it is restarted when not.', probe),
  readinessProbe: one(11, 'Tells whether the container can serve; services send it nothing when not.', probe),
  startupProbe: one(22, 'Tells whether the container has started; the other probes wait for it.', probe),
  lifecycle: one(12, 'What is done when the container starts and before it is stopped.', lifecycle),
  terminationMessagePath: string(
    13,
    'The file in which the container may say why it ended; default /dev/termination-log.',
  ),
  terminationMessagePolicy: string(
    20,
    'Where that is read from: File (default), or FallbackToLogsOnError, the end of its log when the file is empty.',
    { enum: ['FallbackToLogsOnError', 'File'] },
  ),
  imagePullPolicy: string(
    14,
    'When the image is fetched: Always, IfNotPresent, or Never; default Always for latest, else IfNotPresent.',
    { enum: ['Always', 'IfNotPresent', 'Never'] },
  ),
  securityContext: one(15, "What the container's processes may be and do; wins over the pod's.", securityContext),
  stdin: boolean(16, 'Whether the container has a standard input.'),
  stdinOnce: boolean(17, 'Whether standard input closes after the first client that attached has left.'),
  tty: boolean(18, 'Whether the container has a terminal; needs stdin.'),
}

export const container = message('api.core.v1.Container', 'A program and the surroundings it runs in.', containerFields)
export interface Container extends Infer<typeof container> {}
