// What a client asks of a running pod: its logs, a command in it, a port of it.
import { boolean, int64, list, message, string, time } from '../../schema/message.ts'

export const podLogOptions = message('api.core.v1.PodLogOptions', "Which part of a container's log is asked for.", {
  container: string(1, 'The container; may be left out if the pod has one.'),
  follow: boolean(2, 'Whether to go on with what is written from now on.'),
  previous: boolean(3, "Whether to read the log of the container's last run instead."),
  sinceSeconds: int64(4, 'Only what is younger than so many seconds.', { explicit: true }),
  sinceTime: time(5, 'Only what is younger than this.'),
  timestamps: boolean(6, 'Whether each line begins with its time.'),
  tailLines: int64(7, 'Only so many lines from the end.', { explicit: true }),
  limitBytes: int64(8, 'Ends after so many bytes.', { explicit: true }),
  insecureSkipTLSVerifyBackend: boolean(9, "Whether the node's certificate is not verified."),
  stream: string(10, 'Which of its outputs: All (default), Stdout, or Stderr.', {
    explicit: true,
    enum: ['All', 'Stderr', 'Stdout'],
  }),
})

export const podExecOptions = message('api.core.v1.PodExecOptions', 'A command to run in a container.', {
  stdin: boolean(1, 'Whether the client sends standard input.'),
  stdout: boolean(2, 'Whether the client receives standard output.'),
  stderr: boolean(3, 'Whether the client receives standard error.'),
  tty: boolean(4, 'Whether the command gets a terminal.'),
  container: string(5, 'The container; may be left out if the pod has one.'),
  command: list(6, 'The program and its arguments; without a shell.', 'string'),
})

export const podAttachOptions = message(
  'api.core.v1.PodAttachOptions',
  "How to attach to a container's first process.",
  {
    stdin: boolean(1, 'Whether the client sends standard input.'),
    stdout: boolean(2, 'Whether the client receives standard output.'),
    stderr: boolean(3, 'Whether the client receives standard error.'),
    tty: boolean(4, 'Whether the process has a terminal.'),
    container: string(5, 'The container; may be left out if the pod has one.'),
  },
)

export const podPortForwardOptions = message('api.core.v1.PodPortForwardOptions', 'Ports of a pod to forward.', {
  ports: list(1, 'The ports.', 'int32'),
})
