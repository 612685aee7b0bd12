// Field selectors: `status.phase=Running,spec.nodeName!=` selects objects by a few fields each kind names.
import { SelectorError } from './labels.ts'

export interface FieldRequirement {
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

/** All requirements must hold. */
export class FieldSelector {
  static readonly everything = new FieldSelector([])

  readonly requirements: readonly FieldRequirement[]

  private constructor(requirements: readonly FieldRequirement[]) {
    this.requirements = requirements
  }

  /**
   * Reads a query's text; empty text selects everything. Commas, equal signs and backslashes in values are
   * escaped by a backslash.
   * @throws SelectorError
   */
  static parse(text: string): FieldSelector {
    const terms = split(text).filter(term => term !== '')
    return terms.length === 0 ? FieldSelector.everything : new FieldSelector(terms.map(parseTerm))
  }

  /** `fields` holds every field the kind can be selected by; an absent value is the empty string. */
  matches(fields: Readonly<Record<string, string>>): boolean {
    return this.requirements.every(
      ({ field, operator, value }) => ((fields[field] ?? '') === value) === (operator === '='),
    )
  }

  isEverything(): boolean {
    return this.requirements.length === 0
  }

  /** The value the selector demands of a field, if it demands one: what an index can be asked for. */
  exact(field: string): string | undefined {
    return this.requirements.find(requirement => requirement.field === field && requirement.operator === '=')?.value
  }

  /** Text that `parse` reads back. */
  toString(): string {
    return this.requirements
      .map(({ field, operator, value }) => `${field}${operator}${value.replace(/[\\,=]/g, '\\$&')}`)
      .join(',')
  }
}

/** Splits at commas that no backslash escapes; the escapes stay. */
function split(text: string): string[] {
  const terms: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === ',') {
      terms.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...terms, text.slice(start)]
}

/** The first operator counts, escaped or not; blanks are part of what they stand in. */
function parseTerm(term: string): FieldRequirement {
  const match = /^([^]*?)(!=|==|=)([^]*)$/.exec(term)
  const [, field = '', operator = '', value = ''] = match ?? []
  if (match === null) throw new SelectorError(`invalid selector: '${term}'; can't understand '${term}'`)
  return { field, operator: operator === '!=' ? '!=' : '=', value: unescape(value) }
}

function unescape(value: string): string {
  let plain = ''
  for (let at = 0; at < value.length; at++) {
    const character = value.charAt(at)
    if (character === ',' || character === '=') {
      throw new SelectorError(`invalid field selector: unescaped character in value: ${character.charCodeAt(0)}`)
    }
    if (character !== '\\') {
      plain += character
      continue
    }
    const escaped = value.charAt(++at)
    if (!['\\', ',', '='].includes(escaped)) {
      throw new SelectorError(`invalid field selector: invalid escape sequence: \\${escaped}`)
    }
    plain += escaped
  }
  return plain
}
