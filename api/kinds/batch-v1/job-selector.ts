// The labels by which a job's pods are told from those of others: made by the server from the job's uid, so that two
// jobs never count each other's pods.
import type { Job } from './job-schema.ts'

const uidLabel = 'batch.kubernetes.io/controller-uid'

/** In the order in which they are checked; those without a prefix are from before prefixes. */
export function podLabels({ metadata: { uid = '', name = '' } }: Job): Record<string, string> {
  return {
    'controller-uid': uid,
    'job-name': name,
    [uidLabel]: uid,
    'batch.kubernetes.io/job-name': name,
  }
}

/** Gives a new job its selector and its pods the labels for it. What the author gave stays, and is found wrong. */
export function generateSelector(job: Job): void {
  const { metadata, spec } = job
  if (spec.manualSelector !== true) {
    const { labels } = spec.template.metadata
    // Labels that the job has from its template, by default, go on being the template's.
    const isShared = metadata.labels !== undefined && metadata.labels === labels
    spec.template.metadata.labels = inOrder({ ...podLabels(job), ...labels })
    if (isShared) delete metadata.labels
    const { matchLabels, ...rest } = spec.selector ?? {}
    spec.selector = { ...rest, matchLabels: inOrder({ [uidLabel]: metadata.uid ?? '', ...matchLabels }) }
  }
  takeLabels(job)
}

/** A job without labels has those of its template. */
export function takeLabels({ metadata, spec }: Job): void {
  const labels = spec.template.metadata.labels
  if (labels !== undefined) metadata.labels ??= labels
}

/** Labels as messages show them. */
const inOrder = (labels: Record<string, string>) =>
  Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
