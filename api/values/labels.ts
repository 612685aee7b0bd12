// Label selectors: which objects are meant. Both forms are here, the text of a query
// (`app=web,tier in (a,b),!canary`) and the LabelSelector object of a spec.
import { labelValueErrors, qualifiedNameErrors } from './names.ts'

export type Labels = Readonly<Record<string, string>>

export type Operator = 'in' | 'notin' | 'exists' | 'notExists' | 'gt' | 'lt'

export interface Requirement {
  readonly key: string
  readonly operator: Operator
  /** Sorted; empty for exists and notExists; one number for gt and lt. */
  readonly values: readonly string[]
}

/** The text or object is no selector. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError'
}

/** All requirements must hold. */
export class LabelSelector {
  static readonly everything = new LabelSelector([])
  static readonly nothing = new LabelSelector([], true)

  readonly requirements: readonly Requirement[]
  readonly #nothing: boolean

  private constructor(requirements: readonly Requirement[], nothing = false) {
    this.requirements = requirements
    this.#nothing = nothing
  }

  /**
   * Reads a query's text; empty text selects everything.
   * @throws SelectorError
   */
  static parse(text: string): LabelSelector {
    const requirements = new Parser(text).requirements()
    return requirements.length === 0 ? LabelSelector.everything : LabelSelector.of(requirements)
  }

  /** @throws SelectorError when a key or value is malformed */
  static of(requirements: readonly Requirement[]): LabelSelector {
    for (const requirement of requirements) check(requirement)
    return new LabelSelector(requirements)
  }

  /** What a spec's selector means: absent selects nothing, an empty one everything. @throws SelectorError */
  static from(selector: LabelSelectorObject | undefined): LabelSelector {
    if (selector === undefined) return LabelSelector.nothing
    const equal = Object.entries(selector.matchLabels ?? {}).map(
      ([key, value]): Requirement => ({ key, operator: 'in', values: [value] }),
    )
    const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }): Requirement => {
      const known = objectOperators[operator]
      if (known === undefined) throw new SelectorError(`"${operator}" is not a valid label selector operator`)
      return { key, operator: known, values: [...values].sort() }
    })
    const requirements = [...equal, ...expressions]
    return requirements.length === 0 ? LabelSelector.everything : LabelSelector.of(requirements)
  }

  /** What a map of labels selects, as in a Service's selector: all of them must be there. */
  static fromLabels(labels: Labels): LabelSelector {
    return LabelSelector.from({ matchLabels: labels })
  }

  matches(labels: Labels | undefined): boolean {
    return !this.#nothing && this.requirements.every(requirement => holds(requirement, labels ?? {}))
  }

  /** True when every object is selected. */
  isEverything(): boolean {
    return !this.#nothing && this.requirements.length === 0
  }

  /** Text that `parse` reads back. */
  toString(): string {
    return this.requirements.map(requirementText).join(',')
  }
}

/** The LabelSelector of meta/v1. */
export interface LabelSelectorObject {
  readonly matchLabels?: Labels
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[]
  }[]
}

const objectOperators: Readonly<Record<string, Operator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: 'notExists',
}

function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'in':
      return value !== undefined && values.includes(value)
    case 'notin':
      return value === undefined || !values.includes(value)
    case 'exists':
      return value !== undefined
    case 'notExists':
      return value === undefined
    case 'gt':
    case 'lt': {
      if (value === undefined || !/^[+-]?\d+$/.test(value)) return false
      const [bound = '0'] = values
      return operator === 'gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound)
    }
  }
}

function check({ key, operator, values }: Requirement): void {
  const fail = (detail: string) => {
    throw new SelectorError(`label selector requirement on "${key}": ${detail}`)
  }
  for (const error of qualifiedNameErrors(key)) fail(`key: ${error}`)
  if ((operator === 'in' || operator === 'notin') && values.length === 0) {
    fail("for 'in', 'notin' operators, values set can't be empty")
  }
  if ((operator === 'exists' || operator === 'notExists') && values.length > 0) {
    fail('values set must be empty for exists and does not exist')
  }
  if (operator === 'gt' || operator === 'lt') {
    if (values.length !== 1 || !/^[+-]?\d+$/.test(values[0] ?? '')) {
      fail("for 'Gt', 'Lt' operators, the value must be an integer")
    }
  }
  for (const value of values) for (const error of labelValueErrors(value)) fail(`value "${value}": ${error}`)
}

function requirementText({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'exists':
      return key
    case 'notExists':
      return `!${key}`
    case 'gt':
      return `${key}>${values.join()}`
    case 'lt':
      return `${key}<${values.join()}`
    case 'in':
      return values.length === 1 ? `${key}=${values.join()}` : `${key} in (${values.join(',')})`
    case 'notin':
      return values.length === 1 ? `${key}!=${values.join()}` : `${key} notin (${values.join(',')})`
  }
}

const symbols = new Set(['=', '==', '!=', '!', '>', '<', '(', ')', ','])

/** Reads a selector by recursive descent; tokens are symbols and words. */
class Parser {
  readonly #text: string
  readonly #tokens: readonly string[]
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = text.match(/==|!=|[=!<>(),]|[^\s=!<>(),]+/g) ?? []
  }

  requirements(): Requirement[] {
    const all: Requirement[] = []
    if (this.#tokens.length === 0) return all
    do all.push(this.#requirement())
    while (this.#accept(','))
    if (this.#peek() !== undefined) this.#fail("',' or end of string")
    return all
  }

  #requirement(): Requirement {
    if (this.#accept('!')) return { key: this.#word('a label key'), operator: 'notExists', values: [] }
    const key = this.#word('a label key')
    const operator = this.#peek()
    if (operator === undefined || operator === ',') return { key, operator: 'exists', values: [] }
    this.#at++
    switch (operator) {
      case '=':
      case '==':
        return { key, operator: 'in', values: [this.#value()] }
      case '!=':
        return { key, operator: 'notin', values: [this.#value()] }
      case 'in':
      case 'notin':
        return { key, operator, values: this.#set() }
      case '>':
        return { key, operator: 'gt', values: [this.#word('an integer')] }
      case '<':
        return { key, operator: 'lt', values: [this.#word('an integer')] }
      default:
        this.#at--
        return this.#fail("one of '=', '!=', '==', 'in', 'notin', '<', '>'")
    }
  }

  /** A value may be empty: `app=`. */
  #value(): string {
    const token = this.#peek()
    return token === undefined || token === ',' || token === ')' ? '' : this.#word('a label value')
  }

  #set(): string[] {
    if (!this.#accept('(')) this.#fail("'('")
    const values = [this.#value()]
    while (this.#accept(',')) values.push(this.#value())
    if (!this.#accept(')')) this.#fail("',' or ')'")
    return [...new Set(values)].sort()
  }

  #word(expected: string): string {
    const token = this.#peek()
    if (token === undefined || symbols.has(token)) return this.#fail(expected)
    this.#at++
    return token
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at]
  }

  #accept(token: string): boolean {
    if (this.#peek() !== token) return false
    this.#at++
    return true
  }

  #fail(expected: string): never {
    const found = this.#peek() ?? ''
    throw new SelectorError(`unable to parse requirement: found '${found}', expected: ${expected}: "${this.#text}"`)
  }
}
