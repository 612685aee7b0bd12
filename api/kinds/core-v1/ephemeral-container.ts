import { boolean, embed, type Infer, list, message, one, string } from '../../schema/message.ts'
import { containerPort, containerResizePolicy, containerRestartRule, volumeDevice, volumeMount } from './container.ts'
import { envFromSource, envVar } from './environment.ts'
import { lifecycle, probe } from './probes.ts'
import { resourceRequirements } from './resources.ts'
import { securityContext } from './security.ts'

export const ephemeralContainerCommon = message(
  'api.core.v1.EphemeralContainerCommon',
  'The fields an ephemeral container shares with others.',
  {
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
    envFrom: list(19, 'Variables from ConfigMaps and Secrets; a later one wins.', envFromSource, {
      listType: 'atomic',
    }),
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
  },
)

export const ephemeralContainer = message(
  'api.core.v1.EphemeralContainer',
  'A container added to a running pod to look at it; it has no guarantees and is not restarted.',
  {
    targetContainerName: string(2, 'The container whose processes it sees; without it, only its own.'),
  },
  embed(1, 'ephemeralContainerCommon', ephemeralContainerCommon),
)
export interface EphemeralContainer extends Infer<typeof ephemeralContainer> {}
