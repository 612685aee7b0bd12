// What a conflict of managers is told as.
import { StatusError } from '../../../api/errors.ts'
import type { Conflict } from '../../../api/merge/managers.ts'
import { parseManagerKey } from './entries.ts'

export function conflictStatus(conflicts: readonly Conflict[]): StatusError {
  const causes = conflicts.map(({ manager, field }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${managerText(manager)}`,
    field,
  }))
  return StatusError.from({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: messageOf(conflicts),
    reason: 'Conflict',
    details: { causes },
    code: 409,
  })
}

function messageOf(conflicts: readonly Conflict[]): string {
  const [first, ...others] = conflicts
  if (first !== undefined && others.length === 0) {
    return `Apply failed with 1 conflict: conflict with ${managerText(first.manager)}: ${first.field}`
  }
  const fields = new Map<string, string[]>()
  for (const { manager, field } of conflicts) fields.set(manager, [...(fields.get(manager) ?? []), `- ${field}`])
  const lines = [...fields.keys()]
    .sort()
    .flatMap(manager => [`conflicts with ${managerText(manager)}:`, ...(fields.get(manager) ?? [])])
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`
}

function managerText(key: string): string {
  const { manager, operation, apiVersion = '', subresource } = parseManagerKey(key)
  const through = subresource === undefined ? '' : ` with subresource ${JSON.stringify(subresource)}`
  const using = operation === 'Update' ? ` using ${apiVersion}` : ''
  return `${JSON.stringify(manager)}${through}${using}`
}
