// What a seccomp profile is, and reading one in the JSON form of OCI's runtime-spec (`linux.seccomp`) and Docker.
import { constants } from 'node:os'
import { capabilityNames } from '../../sys/capability-names.ts'
import type { Architecture } from './syscall-table.ts'

/** What the kernel does with a call; see seccomp(2). */
export type SeccompAction =
  | { readonly kind: 'allow' | 'log' | 'trap' | 'killThread' | 'killProcess' }
  | { readonly kind: 'errno'; readonly errno: number }
  /** `data` is what a tracer reads with PTRACE_GETEVENTMSG; without a tracer the call fails with ENOSYS. */
  | { readonly kind: 'trace'; readonly data: number }

/** Of one argument, unsigned and 64 bits wide; `maskedEqual` compares what `mask` leaves. */
export type SyscallCondition =
  | {
      readonly index: number
      readonly op: 'equal' | 'notEqual' | 'less' | 'lessOrEqual' | 'greater' | 'greaterOrEqual'
      readonly value: bigint
    }
  | { readonly index: number; readonly op: 'maskedEqual'; readonly mask: bigint; readonly value: bigint }

/** Where a rule is meant for. */
interface RuleScope {
  readonly capabilities: readonly string[]
  readonly architectures: readonly string[]
  readonly leastKernel?: KernelVersion
}

export type KernelVersion = readonly [major: number, minor: number]

export interface SeccompRule {
  /** Names without a number on an architecture are not there to be called. */
  readonly names: readonly string[]
  readonly action: SeccompAction
  /** All must hold. */
  readonly conditions: readonly SyscallCondition[]
  /** The rule counts when the container has all these capabilities, on one of these architectures (if any is named). */
  readonly includes?: RuleScope
  /** It does not count when the container has one of these capabilities, or on one of these architectures. */
  readonly excludes?: RuleScope
}

/**
 * Where several rules fit a call, the most restrictive action counts, as with several filters in the kernel; where none
 * does, `defaultAction`.
 */
export interface SeccompProfile {
  readonly defaultAction: SeccompAction
  readonly rules: readonly SeccompRule[]
}

/** What a filter is made for. */
export interface SeccompTarget {
  readonly architecture: Architecture
  readonly kernel: KernelVersion
  /** Those the container keeps, as `CAP_NET_RAW`. */
  readonly capabilities: readonly string[]
}

/** Docker's `arches` speaks Go's language. */
const scopeNames: Readonly<Record<Architecture, string>> = { x64: 'amd64', arm64: 'arm64' }

/** Whether a rule counts there. */
export function ruleApplies({ includes, excludes }: SeccompRule, target: SeccompTarget): boolean {
  const architecture = scopeNames[target.architecture]
  const has = (name: string): boolean => target.capabilities.includes(name)
  if (excludes && (excludes.capabilities.some(has) || excludes.architectures.includes(architecture))) return false
  if (!includes) return true
  const { capabilities, architectures, leastKernel } = includes
  return (
    capabilities.every(has) &&
    (architectures.length === 0 || architectures.includes(architecture)) &&
    (leastKernel === undefined || atLeast(target.kernel, leastKernel))
  )
}

function atLeast([major, minor]: KernelVersion, [leastMajor, leastMinor]: KernelVersion): boolean {
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
}

/** The field and what is wrong with it. */
class SeccompProfileError extends Error {
  override readonly name = 'SeccompProfileError'
}

function refuse(field: string, why: string): never {
  throw new SeccompProfileError(field === '' ? why : `${field}: ${why}`)
}

/**
 * Reads a profile. `archMap` and `architectures` are checked and otherwise without effect: filters know the machine's own
 * architecture, and calls of any other are refused whatever a profile says.
 * @throws SeccompProfileError with the field's path
 */
export function parseSeccompProfile(text: string): SeccompProfile {
  let json: unknown
  try {
    json = JSON.parse(quoteLongNumbers(text))
  } catch (error) {
    refuse('', `is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  const profile = fieldsOf(json, '', profileFields)
  if (profile['defaultAction'] === undefined) refuse('defaultAction', 'is missing; SCMP_ACT_ERRNO makes an allow list')
  for (const [index, name] of list(profile['architectures'], 'architectures').entries()) {
    if (!/^SCMP_ARCH_[A-Z0-9]+$/.test(string(name, `architectures[${index}]`)))
      refuse(`architectures[${index}]`, `${shown(name)} is none; one is SCMP_ARCH_X86_64`)
  }
  for (const [index, flag] of list(profile['flags'], 'flags').entries()) {
    if (!harmlessFlags.includes(string(flag, `flags[${index}]`)))
      refuse(`flags[${index}]`, `${shown(flag)} is not supported; ${harmlessFlags.join(' and ')} may stand here`)
  }
  for (const field of ['listenerPath', 'listenerMetadata'])
    if (profile[field] !== undefined) refuse(field, 'this runtime hands calls to no listener')
  const defaultErrno = profile['defaultErrnoRet']
  return {
    defaultAction: action(profile['defaultAction'], 'defaultAction', defaultErrno, 'defaultErrnoRet'),
    rules: list(profile['syscalls'], 'syscalls').flatMap((rule, index) => rules(rule, `syscalls[${index}]`)),
  }
}

const profileFields =
  'defaultAction defaultErrnoRet architectures archMap flags listenerPath listenerMetadata syscalls comment'
const ruleFields = 'names name action errnoRet args comment includes excludes'

/** One thread needs no TSYNC; without SPEC_ALLOW the kernel's own choice of mitigations stands. */
const harmlessFlags: readonly string[] = ['SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW']

/**
 * Several conditions on one argument are alternatives, each a rule of its own: what runc makes of them, and what profiles
 * rely on that list the values of a flag.
 */
function rules(value: unknown, field: string): SeccompRule[] {
  const rule = fieldsOf(value, field, ruleFields)
  const names = list(rule['names'], `${field}.names`).map((name, index) => string(name, `${field}.names[${index}]`))
  if (rule['name'] !== undefined && rule['name'] !== '') names.push(string(rule['name'], `${field}.name`))
  if (names.length === 0) refuse(`${field}.names`, 'names no system call')
  const bad = names.find(name => !/^[a-z0-9_]+$/.test(name))
  if (bad !== undefined) refuse(`${field}.names`, `${shown(bad)} is no system call; one is "mkdirat"`)
  if (rule['action'] === undefined) refuse(`${field}.action`, 'is missing; one is SCMP_ACT_ALLOW')
  const conditions = list(rule['args'], `${field}.args`).map((arg, index) => condition(arg, `${field}.args[${index}]`))
  const includes = scope(rule['includes'], `${field}.includes`)
  const excludes = scope(rule['excludes'], `${field}.excludes`)
  const made = {
    names,
    action: action(rule['action'], `${field}.action`, rule['errnoRet'], `${field}.errnoRet`),
    ...(includes && { includes }),
    ...(excludes && { excludes }),
  }
  const alternatives = new Set(conditions.map(({ index }) => index)).size < conditions.length
  if (alternatives) return conditions.map(one => ({ ...made, conditions: [one] }))
  return [{ ...made, conditions }]
}

const plainActions: Readonly<Record<string, SeccompAction>> = {
  SCMP_ACT_ALLOW: { kind: 'allow' },
  SCMP_ACT_LOG: { kind: 'log' },
  SCMP_ACT_TRAP: { kind: 'trap' },
  SCMP_ACT_KILL: { kind: 'killThread' },
  SCMP_ACT_KILL_THREAD: { kind: 'killThread' },
  SCMP_ACT_KILL_PROCESS: { kind: 'killProcess' },
}

/** MAX_ERRNO of the kernel, and what the lower half of a SECCOMP_RET_TRACE holds. */
const mostErrno = 4095
const mostTraceData = 0xffff

function action(value: unknown, field: string, errno: unknown, errnoField: string): SeccompAction {
  const name = string(value, field)
  if (name === 'SCMP_ACT_ERRNO') return { kind: 'errno', errno: number(errno, errnoField, mostErrno) }
  if (name === 'SCMP_ACT_TRACE') return { kind: 'trace', data: number(errno, errnoField, mostTraceData) }
  const plain = plainActions[name]
  if (plain === undefined) {
    const known = ['SCMP_ACT_ERRNO', 'SCMP_ACT_TRACE', ...Object.keys(plainActions)].join(', ')
    refuse(field, name === 'SCMP_ACT_NOTIFY' ? 'this runtime hands calls to no listener' : `must be one of ${known}`)
  }
  return plain
}

function number(value: unknown, field: string, most: number): number {
  if (value === undefined) return constants.errno.EPERM
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value
  return refuse(field, `must be a whole number from 0 to ${most}, not ${shown(value)}`)
}

const operators = {
  SCMP_CMP_EQ: 'equal',
  SCMP_CMP_NE: 'notEqual',
  SCMP_CMP_LT: 'less',
  SCMP_CMP_LE: 'lessOrEqual',
  SCMP_CMP_GT: 'greater',
  SCMP_CMP_GE: 'greaterOrEqual',
} as const

function isOperator(op: string): op is keyof typeof operators {
  return Object.hasOwn(operators, op)
}

function condition(value: unknown, field: string): SyscallCondition {
  const arg = fieldsOf(value, field, 'index value valueTwo op')
  const index = arg['index']
  if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index > 5)
    refuse(`${field}.index`, `must be the number of an argument, 0 to 5, not ${shown(index)}`)
  const first = wide(arg['value'], `${field}.value`)
  const second = wide(arg['valueTwo'] ?? 0, `${field}.valueTwo`)
  const op = string(arg['op'], `${field}.op`)
  if (op === 'SCMP_CMP_MASKED_EQ') return { index, op: 'maskedEqual', mask: first, value: second }
  if (!isOperator(op))
    refuse(`${field}.op`, `must be one of ${[...Object.keys(operators), 'SCMP_CMP_MASKED_EQ'].join(', ')}`)
  return { index, op: operators[op], value: first }
}

function wide(value: unknown, field: string): bigint {
  const exact = (typeof value === 'number' && Number.isSafeInteger(value)) || typeof value === 'string'
  if (exact && /^[0-9]+$/.test(String(value))) {
    const found = BigInt(value)
    if (found <= 0xffff_ffff_ffff_ffffn) return found
  }
  return refuse(field, `must be a whole number of at most 64 bits, not ${shown(value)}`)
}

function scope(value: unknown, field: string): RuleScope | undefined {
  if (value === undefined || value === null) return undefined
  const found = fieldsOf(value, field, 'caps arches minKernel')
  const capabilities = list(found['caps'], `${field}.caps`).map((name, index) => {
    if (typeof name === 'string' && capabilityNames.includes(name)) return name
    return refuse(`${field}.caps[${index}]`, `${shown(name)} is no capability; one is "CAP_SYS_ADMIN"`)
  })
  const architectures = list(found['arches'], `${field}.arches`).map((name, index) =>
    string(name, `${field}.arches[${index}]`),
  )
  const least = found['minKernel']
  if (least === undefined || least === '') return { capabilities, architectures }
  const [, major, minor] = /^([0-9]+)\.([0-9]+)$/.exec(string(least, `${field}.minKernel`)) ?? []
  if (major === undefined || minor === undefined)
    refuse(`${field}.minKernel`, `must be like "4.8", and is ${shown(least)}`)
  return { capabilities, architectures, leastKernel: [Number(major), Number(minor)] }
}

/** An argument may have 64 bits, and JSON.parse keeps 53: longer numbers come through as strings of digits. */
function quoteLongNumbers(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|[0-9]{16,}(?![0-9.eE])/g, token =>
    token.startsWith('"') ? token : `"${token}"`,
  )
}

function fieldsOf(value: unknown, field: string, known: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    refuse(field, `must be an object, not ${shown(value)}`)
  const names = known.split(' ')
  const unknown = Object.keys(value).find(name => !names.includes(name))
  if (unknown !== undefined) refuse(field, `has an unknown field ${shown(unknown)}; known are ${names.join(', ')}`)
  return { ...value }
}

function list(value: unknown, field: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) refuse(field, `must be a list, not ${shown(value)}`)
  return value
}

function string(value: unknown, field: string): string {
  if (typeof value !== 'string')
    refuse(field, value === undefined ? 'is missing' : `must be a string, not ${shown(value)}`)
  return value
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
