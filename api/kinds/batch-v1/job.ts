import { humanDuration } from '../../values/age.ts'
import { millisecondsOf } from '../../values/time.ts'
import { age, ageColumn, column, nameColumn } from '../columns.ts'
import { setPodSpecDefaults } from '../core-v1/pod-defaults.ts'
import {
  containerCells,
  containerColumns,
  podNameWarnings,
  selectorCell,
  selectorColumn,
  templateWarnings,
} from '../core-v1/pod-template-rules.ts'
import { notNegative } from '../counts.ts'
import { kind } from '../kind.ts'
import { status } from '../subresource.ts'
import { type Job, type JobSpec, jobSchema } from './job-schema.ts'
import { generateSelector, takeLabels } from './job-selector.ts'
import { validateJob, validateJobUpdate } from './job-validation.ts'

export const jobs = kind<Job>({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  resource: 'jobs',
  singular: 'job',
  categories: ['all'],
  namespaced: true,
  schema: jobSchema,
  subresources: [
    status({
      validateUpdate: ({ status }) => notNegative(status, 'status', ['active', 'succeeded', 'failed', 'terminating']),
    }),
  ],
  defaultPropagationPolicy: 'Orphan',
  setDefaults(job) {
    setJobSpecDefaults(job.spec)
    takeLabels(job)
  },
  prepareForCreate: generateSelector,
  prepareForUpdate: takeLabels,
  validate: validateJob,
  validateUpdate: validateJobUpdate,
  warnings: (job, old) => [
    ...(old === undefined ? podNameWarnings(job) : []),
    ...templateWarnings(job.spec.template, old?.spec.template, 'spec.template'),
  ],
  selectableFields: ({ status }) => ({ 'status.successful': String(status.succeeded ?? 0) }),
  table: {
    columns: [
      nameColumn,
      column('Status', 'How it is with the job.'),
      column('Completions', 'How many pods succeeded, of how many.'),
      column('Duration', 'How long it took, or has taken so far.'),
      ageColumn,
      ...containerColumns,
      selectorColumn,
    ],
    cells: (job, nowMs) => [
      job.metadata.name ?? '',
      statusText(job),
      completionsText(job),
      durationText(job, nowMs),
      age(job, nowMs),
      ...containerCells(job.spec.template),
      selectorCell(job.spec.selector),
    ],
  },
})

/** What a job gets, also where it stands in a cron job; its pods too. */
export function setJobSpecDefaults(spec: JobSpec): void {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
  spec.parallelism ??= 1
  // Where each index has a limit of its own, the job's is as good as none.
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1
  spec.completionMode ??= 'NonIndexed'
  spec.suspend ??= false
  spec.manualSelector ??= false
  for (const { onPodConditions = [] } of spec.podFailurePolicy?.rules ?? []) {
    for (const condition of onPodConditions) condition.status ??= 'True'
  }
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed'
  setPodSpecDefaults(spec.template.spec)
}

function statusText({ metadata, spec, status: { conditions = [] } }: Job): string {
  const holds = (type: string) => conditions.some(condition => condition.type === type && condition.status === 'True')
  if (holds('Complete')) return 'Complete'
  if (holds('Failed')) return 'Failed'
  if (metadata.deletionTimestamp !== undefined) return 'Terminating'
  if (holds('Suspended') || spec.suspend === true) return holds('Suspended') ? 'Suspended' : 'Running'
  if (holds('FailureTarget')) return 'FailureTarget'
  return holds('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running'
}

function completionsText({ spec: { completions, parallelism = 0 }, status: { succeeded = 0 } }: Job): string {
  if (completions !== undefined) return `${succeeded}/${completions}`
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function durationText({ status: { startTime, completionTime } }: Job, nowMs: number): string {
  const startMs = startTime === undefined ? undefined : millisecondsOf(startTime)
  if (startMs === undefined) return ''
  const endMs = completionTime === undefined ? nowMs : (millisecondsOf(completionTime) ?? nowMs)
  return humanDuration(endMs - startMs)
}
