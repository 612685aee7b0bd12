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
      if (value === undefined || !isInt64(value)) return false
      const [bound = '0'] = values
      return operator === 'gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound)
    }
  }
}

const isInt64 = (text: string): boolean => /^[+-]?\d+$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text)

/** @throws SelectorError at the first breach, with the path that Kubernetes gives it */
function check({ key, operator, values }: Requirement): void {
  const fail = (field: string, value: unknown, detail: string): never => {
    throw new SelectorError(`${field}: Invalid value: ${JSON.stringify(value)}: ${detail}`)
  }
  const keyErrors = qualifiedNameErrors(key)
  if (keyErrors.length > 0) fail('key', key, keyErrors.join('; '))
  if ((operator === 'in' || operator === 'notin') && values.length === 0) {
    fail('values', values, "for 'in', 'notin' operators, values set can't be empty")
  }
  if ((operator === 'exists' || operator === 'notExists') && values.length > 0) {
    fail('values', values, 'values set must be empty for exists and does not exist')
  }
  if (operator === 'gt' || operator === 'lt') {
    if (values.length !== 1) fail('values', values, "for 'Gt', 'Lt' operators, exactly one value is required")
    for (const [index, value] of values.entries()) {
      if (!isInt64(value)) fail(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer")
    }
  }
  for (const [index, value] of values.entries()) {
    const errors = labelValueErrors(value)
    if (errors.length > 0) fail(`values[${index}][${key}]`, value, errors.join('; '))
  }
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

type Token = { readonly is: 'word' | 'symbol'; readonly text: string } | { readonly is: 'end'; readonly text: '' }

const end: Token = { is: 'end', text: '' }
const binaryOperators = ['in', 'notin', '=', '==', '!=', 'gt', 'lt'].join(', ')
const operators: Readonly<Record<string, Operator>> = {
  in: 'in',
  notin: 'notin',
  '=': 'in',
  '==': 'in',
  '!=': 'notin',
  '>': 'gt',
  '<': 'lt',
}

/** Reads a selector by recursive descent, as apimachinery does (pkg/labels/selector.go): its errors have its words. */
class Parser {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(text: string) {
    // Only these four are blanks.
    this.#tokens = (text.match(/==|!=|[=!<>(),]|[^ \t\r\n=!<>(),]+/g) ?? []).map(token => ({
      is: /^[=!<>(),]/.test(token) ? 'symbol' : 'word',
      text: token,
    }))
  }

  requirements(): Requirement[] {
    const all: Requirement[] = []
    if (this.#peek().is === 'end') return all
    if (!this.#beginsRequirement()) throw found(this.#peek(), ", expected: !, identifier, or 'end of string'")
    for (;;) {
      all.push(this.#checked())
      const next = this.#take()
      if (next.is === 'end') return all
      if (next.text !== ',') throw found(next, ", expected: ',' or 'end of string'")
      if (!this.#beginsRequirement()) throw found(this.#peek(), ", expected: identifier after ','")
    }
  }

  #beginsRequirement(): boolean {
    const { is, text } = this.#peek()
    return is === 'word' || text === '!'
  }

  #checked(): Requirement {
    try {
      const requirement = this.#requirement()
      check(requirement)
      return requirement
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error
      throw new SelectorError(`unable to parse requirement: ${error.message}`)
    }
  }

  #requirement(): Requirement {
    const negated = this.#accept('!')
    const token = this.#take()
    if (token.is !== 'word') throw found(token, ', expected: identifier')
    const key = token.text
    const errors = qualifiedNameErrors(key)
    if (errors.length > 0) {
      throw new SelectorError(`<nil>: Invalid value: ${JSON.stringify(key)}: ${errors.join('; ')}`)
    }
    const ends = this.#peek().is === 'end' || this.#peek().text === ','
    if (negated) return { key, operator: 'notExists', values: [] }
    if (ends) return { key, operator: 'exists', values: [] }
    const operatorToken = this.#take()
    const operator = operators[operatorToken.text]
    if (operator === undefined) throw found(operatorToken, `, expected: ${binaryOperators}`)
    return { key, operator, values: operatorToken.is === 'word' ? this.#set() : [this.#value()] }
  }

  /** A value may be empty: `app=`. */
  #value(): string {
    const next = this.#peek()
    if (next.is === 'end' || next.text === ',') return ''
    const token = this.#take()
    if (token.is !== 'word') throw found(token, ', expected: identifier')
    return token.text
  }

  #set(): string[] {
    const open = this.#take()
    if (open.text !== '(') throw found(open, " expected: '('")
    if (this.#accept(')')) return ['']
    const values = new Set<string>()
    if (this.#peek().is !== 'word' && this.#peek().text !== ',')
      throw found(this.#peek(), ", expected: ',', ')' or identifier")
    for (;;) {
      const token = this.#take()
      if (token.is === 'word') {
        values.add(token.text)
        const next = this.#peek()
        if (next.text === ')') break
        if (next.text !== ',') throw found(next, ", expected: ',' or ')'")
      } else if (token.text === ',') {
        if (values.size === 0) values.add('')
        const next = this.#peek()
        if (next.text === ')' || next.text === ',') values.add('')
        if (next.text === ')') break
        if (next.text === ',') this.#at++
      } else throw found(token, ", expected: ',', or identifier")
    }
    this.#at++
    return [...values].sort()
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? end
  }

  #take(): Token {
    const token = this.#peek()
    this.#at++
    return token
  }

  #accept(symbol: string): boolean {
    const { is, text } = this.#peek()
    if (is !== 'symbol' || text !== symbol) return false
    this.#at++
    return true
  }
}

const found = ({ text }: Token, expected: string): SelectorError => new SelectorError(`found '${text}'${expected}`)
