// How a command's end is told to Kubernetes clients: a Status whose cause names the exit code.
import type { Status } from '../../../../api/kinds/meta-v1/status.ts'

export const success: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }

/** `kubectl exec` ends with the code it finds here. */
export function exitStatus(code: number): Status {
  if (code === 0) return success
  return {
    ...success,
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
    code: 500,
  }
}
