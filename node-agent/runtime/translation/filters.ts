// CRI's filters: everything said must hold. Pure.
import type {
  ContainerFilter,
  ContainerStatsFilter,
  PodSandboxFilter,
  PodSandboxStatsFilter,
} from '../../../proto/gen/cri.ts'
import type { ContainerRecord, SandboxRecord } from '../records/records.ts'
import { containerState, sandboxState } from './messages.ts'

function labelsMatch(
  labels: Readonly<Record<string, string>> = {},
  selector: Readonly<Record<string, string>> = {},
): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value)
}

export function matchesSandbox(record: SandboxRecord, filter: PodSandboxFilter & PodSandboxStatsFilter = {}): boolean {
  return (
    record.id.startsWith(filter.id ?? '') &&
    (!filter.state || sandboxState(record) === (filter.state.state ?? 0)) &&
    labelsMatch(record.config.labels, filter.labelSelector)
  )
}

export function matchesContainer(
  record: ContainerRecord,
  filter: ContainerFilter & ContainerStatsFilter = {},
): boolean {
  return (
    record.id.startsWith(filter.id ?? '') &&
    record.sandboxId.startsWith(filter.podSandboxId ?? '') &&
    (!filter.state || containerState(record) === (filter.state.state ?? 0)) &&
    labelsMatch(record.config.labels, filter.labelSelector)
  )
}
