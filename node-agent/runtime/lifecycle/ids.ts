// Names of sandboxes and containers: 64 hexadecimal digits, of which a prefix that fits only one will do. One that is
// being made has told nobody its name yet, so nobody can find it.
import { randomBytes } from 'node:crypto'
import { RuntimeError } from '../errors.ts'
import type { ContainerRecord, SandboxRecord } from '../records/records.ts'
import type { Parts } from './parts.ts'

export function newId(): string {
  return randomBytes(32).toString('hex')
}

export const madeSandboxes = ({ sandboxRecords }: Pick<Parts, 'sandboxRecords'>): SandboxRecord[] =>
  sandboxRecords.list().filter(sandbox => sandbox.state !== undefined)

export const madeContainers = ({ containerRecords }: Pick<Parts, 'containerRecords'>): ContainerRecord[] =>
  containerRecords.list().filter(container => container.made)

/** Undefined when there is none. @throws RuntimeError `invalid` when the prefix means several */
export const findSandbox = (parts: Parts, id: string | undefined): SandboxRecord | undefined =>
  find(madeSandboxes(parts), id, 'sandbox')

/** As `findSandbox`. */
export const findContainer = (parts: Parts, id: string | undefined): ContainerRecord | undefined =>
  find(madeContainers(parts), id, 'container')

/** As `findSandbox`. @throws RuntimeError `missing` */
export const needSandbox = (parts: Parts, id: string | undefined): SandboxRecord =>
  need(findSandbox(parts, id), id, 'sandbox')

/** As `findSandbox`. @throws RuntimeError `missing` */
export const needContainer = (parts: Parts, id: string | undefined): ContainerRecord =>
  need(findContainer(parts, id), id, 'container')

function find<T extends { readonly id: string }>(
  records: readonly T[],
  id: string | undefined,
  what: string,
): T | undefined {
  if (!id) throw new RuntimeError('invalid', `the ${what}'s ID is missing`)
  const found = records.filter(record => record.id.startsWith(id))
  if (found.length > 1) throw new RuntimeError('invalid', `${what} ${id} could be ${found.length}: write more digits`)
  return found[0]
}

function need<T>(found: T | undefined, id: string | undefined, what: string): T {
  if (found === undefined) throw new RuntimeError('missing', `there is no ${what} ${id}`)
  return found
}
