// The declaration of Jobs.
import { boolean, type Infer, int32, int64, list, message, one, string, time } from '../../schema/message.ts'
import { podTemplateSpec } from '../core-v1/pod-template.ts'
import { labelSelector } from '../meta-v1/label-selector.ts'
import { objectSchema } from '../object.ts'
import { podFailurePolicy, successPolicy } from './job-policies.ts'

export const jobSpec = message('api.batch.v1.JobSpec', 'What a job runs, how often, and until when.', {
  parallelism: int32(1, 'How many pods may run at a time; default 1.', { explicit: true }),
  completions: int32(2, 'How many pods must succeed.', { explicit: true }),
  activeDeadlineSeconds: int64(3, 'Seconds it may be active.', { explicit: true }),
  selector: one(4, 'Which pods belong to it, by their labels; they must be those of the template.', labelSelector),
  manualSelector: boolean(5, "Whether the selector is the author's own.", { explicit: true }),
  template: one(6, 'What its pods look like.', podTemplateSpec, { required: true, unchecked: true, byValue: true }),
  backoffLimit: int32(7, 'How many pods may fail; default 6.', { explicit: true }),
  ttlSecondsAfterFinished: int32(8, 'Seconds after its end at which it is deleted.', { explicit: true }),
  completionMode: string(9, 'NonIndexed (default), or Indexed: each pod has a number.', { explicit: true }),
  suspend: boolean(10, 'Whether nothing is started.', { explicit: true }),
  podFailurePolicy: one(11, 'What failed pods mean for the job.', podFailurePolicy),
  backoffLimitPerIndex: int32(12, 'How many pods of an index may fail.', { explicit: true }),
  maxFailedIndexes: int32(13, 'How many indexes may fail.', { explicit: true }),
  podReplacementPolicy: string(14, 'When a pod is replaced: Failed, or TerminatingOrFailed.', { explicit: true }),
  managedBy: string(15, 'The controller that runs it.', { explicit: true }),
  successPolicy: one(16, 'When it has succeeded before all of it has.', successPolicy),
})
export interface JobSpec extends Infer<typeof jobSpec> {}

export const jobCondition = message('api.batch.v1.JobCondition', "An aspect of a job's state.", {
  type: string(1, 'The aspect that this is about.', { required: true }),
  status: string(2, 'Whether it holds: True, False, or Unknown.', { required: true }),
  lastProbeTime: time(3, 'When it was looked at last.'),
  lastTransitionTime: time(4, 'When the status changed last.'),
  reason: string(5, 'Why, in one CamelCase word for programs.'),
  message: string(6, 'Why, in words for people.'),
})
export interface JobCondition extends Infer<typeof jobCondition> {}

export const uncountedTerminatedPods = message(
  'api.batch.v1.UncountedTerminatedPods',
  'Pods that ended and are not in the counts yet.',
  {
    succeeded: list(1, 'Uids of pods that succeeded.', 'string', { listType: 'set' }),
    failed: list(2, 'Uids of pods that failed.', 'string', { listType: 'set' }),
  },
)

export const jobStatus = message('api.batch.v1.JobStatus', 'What is known of a job.', {
  conditions: list(1, 'Aspects of its present state.', jobCondition, {
    listType: 'atomic',
    patch: 'merge',
    mergeKey: 'type',
  }),
  startTime: time(2, 'When it was begun with.'),
  completionTime: time(3, 'When it was complete.'),
  active: int32(4, 'How many pods are running or waiting.'),
  succeeded: int32(5, 'How many pods succeeded.'),
  failed: int32(6, 'How many pods failed.'),
  completedIndexes: string(7, 'Indexes that succeeded: 1,3-5.'),
  uncountedTerminatedPods: one(8, 'Pods that ended and are not in the counts yet.', uncountedTerminatedPods),
  ready: int32(9, 'How many pods are ready.', { explicit: true }),
  failedIndexes: string(10, 'Indexes that failed: 1,3-5.', { explicit: true }),
  terminating: int32(11, 'How many pods are ending.', { explicit: true }),
})
export interface JobStatus extends Infer<typeof jobStatus> {}

export const jobSchema = objectSchema('api.batch.v1.Job', 'Runs pods until a number of them has succeeded.', {
  spec: one(2, 'What is wanted.', jobSpec, { byValue: true }),
  status: one(3, 'What is known of it.', jobStatus, { byValue: true }),
})
export interface Job extends Infer<typeof jobSchema> {}
