import { type FieldError, forbidden, invalid, required } from '../../schema/field-error.ts'
import { httpHeaderNameErrors, portNameErrors, portNumberErrors } from '../../values/names.ts'
import { each, exactlyOne, must } from '../rules.ts'
import type { HTTPGetAction, Lifecycle, LifecycleHandler, Probe } from './probes.ts'

export interface ProbedContainer {
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly startupProbe?: Probe
  readonly lifecycle?: Lifecycle
}

/** Of a container: its probes, and what it does when it starts and stops. */
export function validateProbes(container: ProbedContainer, field: string, gracePeriodSeconds: number): FieldError[] {
  const errors: FieldError[] = []
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container
  for (const [name, probe] of Object.entries({ livenessProbe, readinessProbe, startupProbe })) {
    if (probe === undefined) continue
    errors.push(...validateHandler(probe, `${field}.${name}`, ['exec', 'httpGet', 'tcpSocket', 'grpc']))
    // Success of these two is a moment, not a state that could be lost and found again.
    if (name !== 'readinessProbe' && (probe.successThreshold ?? 1) !== 1) {
      errors.push(invalid(`${field}.${name}.successThreshold`, probe.successThreshold, 'must be 1'))
    }
  }
  if (readinessProbe?.terminationGracePeriodSeconds !== undefined) {
    const at = `${field}.readinessProbe.terminationGracePeriodSeconds`
    errors.push(invalid(at, readinessProbe.terminationGracePeriodSeconds, 'must not be set for readinessProbes'))
  }
  for (const name of ['postStart', 'preStop'] as const) {
    const handler = lifecycle?.[name]
    if (handler === undefined) continue
    const at = `${field}.lifecycle.${name}`
    errors.push(...validateHandler(handler, at, ['exec', 'httpGet', 'tcpSocket', 'sleep']))
    const seconds = handler.sleep?.seconds
    if (seconds !== undefined && seconds > gracePeriodSeconds) {
      const detail = `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriodSeconds})`
      errors.push(invalid(`${at}.sleep`, seconds, detail))
    }
  }
  return errors
}

function validateHandler(handler: Probe | LifecycleHandler, field: string, kinds: readonly string[]): FieldError[] {
  const errors: FieldError[] = []
  exactlyOne(errors, field, handler, kinds, 'handler type')
  if (handler.exec !== undefined && (handler.exec.command ?? []).length === 0) {
    errors.push(required(`${field}.exec.command`))
  }
  if (handler.httpGet !== undefined) errors.push(...validateHttpGet(handler.httpGet, `${field}.httpGet`))
  if (handler.tcpSocket !== undefined) must(errors, `${field}.tcpSocket.port`, handler.tcpSocket.port, portErrors)
  return errors
}

function validateHttpGet({ path, port, httpHeaders }: HTTPGetAction, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (path === undefined) errors.push(required(`${field}.path`))
  must(errors, `${field}.port`, port, portErrors)
  for (const [at, { name }] of each(`${field}.httpHeaders`, httpHeaders)) {
    if (name !== '') must(errors, `${at}.name`, name, httpHeaderNameErrors)
  }
  return errors
}

/** A port by number, or by the name of a container's port. */
export function portErrors(port: number | string): string[] {
  return typeof port === 'number' ? portNumberErrors(port) : portNameErrors(port)
}

/** Init containers end before anything would probe them, except those that stay. */
export function forbidProbes(container: ProbedContainer, field: string): FieldError[] {
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container
  return Object.entries({ lifecycle, livenessProbe, readinessProbe, startupProbe })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => forbidden(`${field}.${name}`, 'may not be set for init containers without restartPolicy=Always'))
}
