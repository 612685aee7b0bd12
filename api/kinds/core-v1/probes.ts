// What is done to a container to learn how it is, and what it does when it starts and stops.
import { embed, type Infer, int32, int64, intOrString, list, message, one, string } from '../../schema/message.ts'

export const execAction = message('api.core.v1.ExecAction', 'A command in a container, without a shell.', {
  command: list(1, "The program and its arguments; the working directory is the container's.", 'string', {
    listType: 'atomic',
  }),
})
export interface ExecAction extends Infer<typeof execAction> {}

export const httpHeader = message('api.core.v1.HTTPHeader', 'A header of a request.', {
  name: string(1, "The header's name.", { required: true, nonEmpty: true }),
  value: string(2, "The header's value.", { required: true }),
})

export const httpGetAction = message('api.core.v1.HTTPGetAction', 'An HTTP GET.', {
  path: string(1, 'The path; default /.'),
  port: intOrString(2, "The port, by number or by the name of a container's port.", { required: true }),
  host: string(3, "The host; default the pod's address."),
  scheme: string(4, 'HTTP (default) or HTTPS, of which the certificate is not verified.', { enum: ['HTTP', 'HTTPS'] }),
  httpHeaders: list(5, 'Headers to send.', httpHeader, { listType: 'atomic' }),
})
export interface HTTPGetAction extends Infer<typeof httpGetAction> {}

export const tcpSocketAction = message('api.core.v1.TCPSocketAction', 'A TCP connection.', {
  port: intOrString(1, "The port, by number or by the name of a container's port.", { required: true }),
  host: string(2, "The host; default the pod's address."),
})

export const grpcAction = message('api.core.v1.GRPCAction', 'A call of grpc.health.v1.Health.', {
  port: int32(1, 'The port.', { required: true, min: 1, max: 65535 }),
  service: string(2, 'The service to ask for; empty asks for the server as a whole.', { explicit: true }),
})
export interface GRPCAction extends Infer<typeof grpcAction> {}

export const probeHandler = message('api.core.v1.ProbeHandler', 'What is done to check; exactly one is given.', {
  exec: one(1, 'Runs a command in the container: exit code 0 is success.', execAction),
  httpGet: one(2, 'Sends an HTTP GET: a status from 200 to 399 is success.', httpGetAction),
  tcpSocket: one(3, 'Opens a TCP connection: success when it opens.', tcpSocketAction),
  grpc: one(4, 'Calls the gRPC health service.', grpcAction),
})
export interface ProbeHandler extends Infer<typeof probeHandler> {}

export const probe = message(
  'api.core.v1.Probe',
  'A check that is done to a container again and again.',
  {
    initialDelaySeconds: int32(2, "Seconds from the container's start to the first check.", { min: 0 }),
    timeoutSeconds: int32(3, 'Seconds after which a check has failed; default 1.', { min: 0 }),
    periodSeconds: int32(4, 'Seconds between checks; default 10.', { min: 0 }),
    successThreshold: int32(
      5,
      'Successes in a row after which it holds again; default 1, and 1 for liveness and startup.',
      { min: 0 },
    ),
    failureThreshold: int32(6, 'Failures in a row after which it does not hold any more; default 3.', { min: 0 }),
    terminationGracePeriodSeconds: int64(
      7,
      "Seconds the container has to end when the check fails, instead of the pod's own; not for readiness.",
      { explicit: true, min: 1 },
    ),
  },
  embed(1, 'handler', probeHandler),
)
export interface Probe extends Infer<typeof probe> {}

export const sleepAction = message('api.core.v1.SleepAction', 'A wait.', {
  seconds: int64(1, 'How many seconds.', { required: true, min: 0 }),
})

export const lifecycleHandler = message('api.core.v1.LifecycleHandler', 'What is done; exactly one is given.', {
  exec: one(1, 'Runs a command in the container.', execAction),
  httpGet: one(2, 'Sends an HTTP GET.', httpGetAction),
  tcpSocket: one(3, 'Not supported; kept for old objects.', tcpSocketAction),
  sleep: one(4, 'Waits.', sleepAction),
})
export interface LifecycleHandler extends Infer<typeof lifecycleHandler> {}

export const lifecycle = message(
  'api.core.v1.Lifecycle',
  'What is done when a container starts and before it is stopped.',
  {
    postStart: one(
      1,
      'Done right after the container started; if it fails, the container is stopped.',
      lifecycleHandler,
    ),
    preStop: one(2, 'Done before the container is stopped, within its grace period.', lifecycleHandler),
    stopSignal: string(3, "The signal that stops the container; needs the pod's os.", { explicit: true }),
  },
)
export interface Lifecycle extends Infer<typeof lifecycle> {}
