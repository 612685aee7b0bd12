// What is done to a container to learn how it is, and what it does when it starts and stops.
import {
  embed,
  type Infer,
  int32,
  int64,
  intOrString,
  list,
  type Message,
  message,
  one,
  string,
} from '../../schema/message.ts'

export const probe = message(
  'api.core.v1.Probe',
  '',
  {
    initialDelaySeconds: int32(2, '', { min: 0 }),
    timeoutSeconds: int32(3, '', { min: 0 }),
    periodSeconds: int32(4, '', { min: 0 }),
    successThreshold: int32(5, '', { min: 0 }),
    failureThreshold: int32(6, '', { min: 0 }),
    terminationGracePeriodSeconds: int64(7, '', { explicit: true, min: 1 }),
  },
  embed(1, 'handler', (): Message<ProbeHandler> => probeHandler),
)
export interface Probe extends Infer<typeof probe> {}

export const probeHandler = message('api.core.v1.ProbeHandler', '', {
  exec: one(1, '', (): Message<ExecAction> => execAction),
  httpGet: one(2, '', (): Message<HTTPGetAction> => httpGetAction),
  tcpSocket: one(3, '', (): Message<TCPSocketAction> => tcpSocketAction),
  grpc: one(4, '', (): Message<GRPCAction> => grpcAction),
})
export interface ProbeHandler extends Infer<typeof probeHandler> {}

export const lifecycle = message('api.core.v1.Lifecycle', '', {
  postStart: one(1, '', (): Message<LifecycleHandler> => lifecycleHandler),
  preStop: one(2, '', (): Message<LifecycleHandler> => lifecycleHandler),
  stopSignal: string(3, '', { explicit: true }),
})
export interface Lifecycle extends Infer<typeof lifecycle> {}

export const lifecycleHandler = message('api.core.v1.LifecycleHandler', '', {
  exec: one(1, '', (): Message<ExecAction> => execAction),
  httpGet: one(2, '', (): Message<HTTPGetAction> => httpGetAction),
  tcpSocket: one(3, '', (): Message<TCPSocketAction> => tcpSocketAction),
  sleep: one(4, '', (): Message<SleepAction> => sleepAction),
})
export interface LifecycleHandler extends Infer<typeof lifecycleHandler> {}

export const execAction = message('api.core.v1.ExecAction', '', {
  command: list(1, '', 'string', { listType: 'atomic' }),
})
export interface ExecAction extends Infer<typeof execAction> {}

export const httpGetAction = message('api.core.v1.HTTPGetAction', '', {
  path: string(1, ''),
  port: intOrString(2, '', { required: true }),
  host: string(3, ''),
  scheme: string(4, '', { enum: ['HTTP', 'HTTPS'] }),
  httpHeaders: list(5, '', (): Message<HTTPHeader> => httpHeader, { listType: 'atomic' }),
})
export interface HTTPGetAction extends Infer<typeof httpGetAction> {}

export const httpHeader = message('api.core.v1.HTTPHeader', '', {
  name: string(1, '', { required: true, nonEmpty: true }),
  value: string(2, '', { required: true }),
})
export interface HTTPHeader extends Infer<typeof httpHeader> {}

export const tcpSocketAction = message('api.core.v1.TCPSocketAction', '', {
  port: intOrString(1, '', { required: true }),
  host: string(2, ''),
})
export interface TCPSocketAction extends Infer<typeof tcpSocketAction> {}

export const grpcAction = message('api.core.v1.GRPCAction', '', {
  port: int32(1, '', { required: true, min: 1, max: 65535 }),
  service: string(2, '', { explicit: true }),
})
export interface GRPCAction extends Infer<typeof grpcAction> {}

export const sleepAction = message('api.core.v1.SleepAction', '', {
  seconds: int64(1, '', { required: true, min: 0 }),
})
export interface SleepAction extends Infer<typeof sleepAction> {}
