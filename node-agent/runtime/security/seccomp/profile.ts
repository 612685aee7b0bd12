// Seccomp profiles as the OCI runtime specification has them (config-linux.md, "Seccomp").
import { InvalidSpecError } from '../../container/invalid-spec.ts'

const actions = [
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_LOG',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_TRAP',
] as const

const operators = [
  'SCMP_CMP_EQ',
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_GT',
  'SCMP_CMP_GE',
  'SCMP_CMP_MASKED_EQ',
] as const

export type SeccompAction = (typeof actions)[number]
export type SeccompOperator = (typeof operators)[number]

/** A condition on one argument; for MASKED_EQ, `value` is the mask and `valueTwo` what is left after it. */
export interface SeccompArg {
  /** 0 to 5. */
  readonly index: number
  readonly value: number
  readonly valueTwo?: number
  readonly op: SeccompOperator
}

export interface SeccompRule {
  readonly names: readonly string[]
  readonly action: SeccompAction
  readonly errnoRet?: number
  /** All must hold. */
  readonly args?: readonly SeccompArg[]
}

export interface SeccompProfile {
  readonly defaultAction: SeccompAction
  readonly defaultErrnoRet?: number
  readonly syscalls: readonly SeccompRule[]
}

type Json = Readonly<Record<string, unknown>>

function fail(field: string, message: string): never {
  throw new InvalidSpecError(`seccomp.${field}`, message)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function list(value: unknown, field: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) fail(field, 'expected a list')
  return value
}

function count(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) fail(field, 'expected a whole number')
  return value
}

function optional<K extends string>(name: K, value: unknown, field: string): Partial<Record<K, number>> {
  if (value === undefined || value === null) return {}
  const result: Partial<Record<K, number>> = {}
  result[name] = count(value, field)
  return result
}

function oneOf<T extends string>(known: readonly T[], value: unknown, field: string): T {
  const found = known.find(name => name === value)
  return found ?? fail(field, `${JSON.stringify(value)} is none of ${known.join(', ')}`)
}

/** Checks what a profile file holds. Throws InvalidSpecError naming the field. */
export function parseProfile(text: string): SeccompProfile {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    fail('profile', `not JSON: ${String(error)}`)
  }
  if (!isObject(json)) fail('profile', 'expected an object')
  return {
    defaultAction: oneOf(actions, json['defaultAction'], 'defaultAction'),
    ...optional('defaultErrnoRet', json['defaultErrnoRet'], 'defaultErrnoRet'),
    syscalls: list(json['syscalls'], 'syscalls').map((rule, index) => parseRule(rule, `syscalls[${index}]`)),
  }
}

function parseRule(rule: unknown, field: string): SeccompRule {
  if (!isObject(rule)) fail(field, 'expected an object')
  for (const key of ['includes', 'excludes']) {
    const condition = rule[key]
    // Docker's own extension; empty ones are common and mean nothing.
    if (isObject(condition) && Object.keys(condition).length > 0)
      fail(`${field}.${key}`, 'conditions are not supported')
  }
  const names = list(rule['names'], `${field}.names`).map((name, index) =>
    typeof name === 'string' ? name : fail(`${field}.names[${index}]`, 'expected a system call name'),
  )
  return {
    names,
    action: oneOf(actions, rule['action'], `${field}.action`),
    ...optional('errnoRet', rule['errnoRet'], `${field}.errnoRet`),
    args: list(rule['args'], `${field}.args`).map((arg, index) => parseArg(arg, `${field}.args[${index}]`)),
  }
}

function parseArg(arg: unknown, field: string): SeccompArg {
  if (!isObject(arg)) fail(field, 'expected an object')
  const index = count(arg['index'], `${field}.index`)
  if (index > 5) fail(`${field}.index`, 'a system call has the arguments 0 to 5')
  return {
    index,
    value: count(arg['value'], `${field}.value`),
    ...optional('valueTwo', arg['valueTwo'], `${field}.valueTwo`),
    op: oneOf(operators, arg['op'], `${field}.op`),
  }
}
