// What a client asks of a running pod: its logs, a command in it, a port of it.
import { boolean, type Infer, int64, list, message, string, time } from '../../schema/message.ts'

export const podLogOptions = message('api.core.v1.PodLogOptions', '', {
  container: string(1, ''),
  follow: boolean(2, ''),
  previous: boolean(3, ''),
  sinceSeconds: int64(4, '', { explicit: true }),
  sinceTime: time(5, ''),
  timestamps: boolean(6, ''),
  tailLines: int64(7, '', { explicit: true }),
  limitBytes: int64(8, '', { explicit: true }),
  insecureSkipTLSVerifyBackend: boolean(9, ''),
  stream: string(10, '', { explicit: true, enum: ['All', 'Stderr', 'Stdout'] }),
})
export interface PodLogOptions extends Infer<typeof podLogOptions> {}

export const podExecOptions = message('api.core.v1.PodExecOptions', '', {
  stdin: boolean(1, ''),
  stdout: boolean(2, ''),
  stderr: boolean(3, ''),
  tty: boolean(4, ''),
  container: string(5, ''),
  command: list(6, '', 'string'),
})
export interface PodExecOptions extends Infer<typeof podExecOptions> {}

export const podAttachOptions = message('api.core.v1.PodAttachOptions', '', {
  stdin: boolean(1, ''),
  stdout: boolean(2, ''),
  stderr: boolean(3, ''),
  tty: boolean(4, ''),
  container: string(5, ''),
})
export interface PodAttachOptions extends Infer<typeof podAttachOptions> {}

export const podPortForwardOptions = message('api.core.v1.PodPortForwardOptions', '', {
  ports: list(1, '', 'int32'),
})
export interface PodPortForwardOptions extends Infer<typeof podPortForwardOptions> {}
