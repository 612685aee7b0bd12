// For tests: situations of a pod, as pure plans and statuses are computed from.
import type { ObservedContainer, ObservedSandbox, PodObservation } from './observation/observation.ts'
import { containerHash } from './planning/container-hash.ts'
import type { Ending, Failure, Pod, Situation } from './planning/situation.ts'
import { container } from './testing.ts'

export const nowMs = 1_000_000_000

export const sandbox = (more: Partial<ObservedSandbox> = {}): ObservedSandbox => ({
  id: 's0',
  attempt: 0,
  ready: true,
  createdAtMs: nowMs - 60_000,
  ips: ['10.0.0.1'],
  ...more,
})

export const record = (name: string, more: Partial<ObservedContainer> = {}): ObservedContainer => ({
  id: `${name}-${more.attempt ?? 0}`,
  sandboxId: 's0',
  name,
  attempt: 0,
  state: 'running',
  createdAtMs: nowMs - 50_000,
  startedAtMs: nowMs - 50_000,
  finishedAtMs: 0,
  exitCode: 0,
  reason: '',
  message: '',
  image: 'demo:1',
  imageId: 'sha256:demo',
  logPath: '',
  hash: containerHash(container(name)),
  backoffMs: 0,
  terminationMessagePolicy: 'File',
  ...more,
})

export const ended = (name: string, exitCode: number, more: Partial<ObservedContainer> = {}): ObservedContainer =>
  record(name, { state: 'exited', exitCode, finishedAtMs: nowMs - 1_000, ...more })

export const seen = (sandboxes: ObservedSandbox[], containers: ObservedContainer[] = []): PodObservation => ({
  sandboxes,
  containers,
})

export const ending = (cause: Ending['cause'], more: Partial<Ending> = {}): Ending => ({
  cause,
  sinceMs: nowMs - 5_000,
  deadlineMs: nowMs + 30_000,
  ...more,
})

export const situation = (pod: Pod, observed: PodObservation, more: Partial<Situation> = {}): Situation => ({
  pod,
  observed,
  ending: undefined,
  volumes: 'ready',
  images: new Map(),
  failures: new Map<string, Failure>(),
  forewarned: new Set(),
  health: () => ({ started: true, ready: true, failed: undefined }),
  startedAtMs: nowMs,
  deletionTold: false,
  busy: new Map(),
  nowMs,
  ...more,
})
