// The declaration of CronJobs.
import { boolean, type Infer, int32, int64, list, message, one, string, time } from '../../schema/message.ts'
import { objectReference } from '../core-v1/references.ts'
import { objectMeta } from '../meta-v1/object-meta.ts'
import { objectSchema } from '../object.ts'
import { jobSpec } from './job-schema.ts'

export const jobTemplateSpec = message('api.batch.v1.JobTemplateSpec', 'What jobs made from it look like.', {
  metadata: one(1, 'Labels and annotations of what is made from it.', objectMeta, { byValue: true }),
  spec: one(2, 'What is wanted.', jobSpec, { unchecked: true, byValue: true }),
})
export interface JobTemplateSpec extends Infer<typeof jobTemplateSpec> {}

export const cronJobSpec = message('api.batch.v1.CronJobSpec', 'When jobs are made, and what they look like.', {
  schedule: string(1, 'When, as cron writes it.', { required: true }),
  startingDeadlineSeconds: int64(2, 'Seconds a job may be late.', { explicit: true }),
  concurrencyPolicy: string(3, 'What happens while one is still running: Allow (default), Forbid, or Replace.'),
  suspend: boolean(4, 'Whether nothing is started.', { explicit: true }),
  jobTemplate: one(5, 'What its jobs look like.', jobTemplateSpec, { required: true, unchecked: true, byValue: true }),
  successfulJobsHistoryLimit: int32(6, 'How many jobs that succeeded are kept; default 3.', { explicit: true }),
  failedJobsHistoryLimit: int32(7, 'How many jobs that failed are kept; default 1.', { explicit: true }),
  timeZone: string(8, 'The time zone of the schedule, by its name in the tz database.', { explicit: true }),
})
export interface CronJobSpec extends Infer<typeof cronJobSpec> {}

export const cronJobStatus = message('api.batch.v1.CronJobStatus', 'What is known of a cron job.', {
  active: list(1, 'Jobs that run now.', objectReference, { listType: 'atomic' }),
  lastScheduleTime: time(4, 'When a job was made last.'),
  lastSuccessfulTime: time(5, 'When a job succeeded last.'),
})
export interface CronJobStatus extends Infer<typeof cronJobStatus> {}

export const cronJobSchema = objectSchema('api.batch.v1.CronJob', 'Makes jobs by a schedule.', {
  spec: one(2, 'What is wanted.', cronJobSpec, { required: true, byValue: true }),
  status: one(3, 'What is known of it.', cronJobStatus, { byValue: true }),
})
export interface CronJob extends Infer<typeof cronJobSchema> {}
