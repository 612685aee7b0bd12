// Names of sandboxes and containers: 64 hexadecimal digits, of which a prefix that fits only one will do. One that is
// being made has told nobody its name yet, so nobody can find it.
import { randomBytes } from 'node:crypto'
import { RuntimeError } from '../errors.ts'
import type { ContainerRecord, SandboxRecord } from '../records/records.ts'
import type { Runtime } from './runtime.ts'

export function newId(): string {
  return randomBytes(32).toString('hex')
}

export const madeSandboxes = ({ sandboxRecords }: Pick<Runtime, 'sandboxRecords'>): SandboxRecord[] =>
  sandboxRecords.list().filter(sandbox => sandbox.state !== undefined)

export const madeContainers = ({ containerRecords }: Pick<Runtime, 'containerRecords'>): ContainerRecord[] =>
  containerRecords.list().filter(container => container.made)

/** Undefined when there is none. @throws RuntimeError `invalid` when the prefix means several */
export const findSandbox = (runtime: Runtime, id: string | undefined): SandboxRecord | undefined =>
  find(madeSandboxes(runtime), id, 'sandbox')

/** As `findSandbox`. */
export const findContainer = (runtime: Runtime, id: string | undefined): ContainerRecord | undefined =>
  find(madeContainers(runtime), id, 'container')

/** As `findSandbox`. @throws RuntimeError `missing` */
export const needSandbox = (runtime: Runtime, id: string | undefined): SandboxRecord =>
  need(findSandbox(runtime, id), id, 'sandbox')

/** As `findSandbox`. @throws RuntimeError `missing` */
export const needContainer = (runtime: Runtime, id: string | undefined): ContainerRecord =>
  need(findContainer(runtime, id), id, 'container')

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
