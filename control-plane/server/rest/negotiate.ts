// Which form an answer takes: the client's Accept header against what can be sent.

export type Form = 'json' | 'yaml' | 'table' | 'partial'

export interface Offer {
  readonly mediaType: string
  /** What the clause must ask for with its parameters, apart from `q` and harmless ones; empty: nothing. */
  readonly parameters: Readonly<Record<string, string>>
}

interface Clause {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
  readonly quality: number
}

/** Parameters that don't change what is asked for. */
const ignored = new Set(['q', 'charset', 'pretty', 'stream'])

/**
 * The first offer that the most wanted clause accepts: clauses by quality, then in the client's order; within a clause
 * the offers' order. An absent or empty header accepts everything.
 */
export function negotiate<T extends Offer>(accept: string | undefined, offers: readonly T[]): T | undefined {
  for (const clause of parseAccept(accept)) {
    const offer = offers.find(candidate => accepts(clause, candidate))
    if (offer) return offer
  }
  return undefined
}

function accepts(clause: Clause, offer: Offer): boolean {
  const [type] = offer.mediaType.split('/')
  const matches = clause.type === '*/*' || clause.type === `${type}/*` || clause.type === offer.mediaType
  if (!matches) return false
  const asked = [...clause.parameters].filter(([name]) => !ignored.has(name))
  const wanted = Object.entries(offer.parameters)
  return asked.length === wanted.length && wanted.every(([name, value]) => clause.parameters.get(name) === value)
}

/** RFC 9110, section 12.5.1. */
function parseAccept(header: string | undefined): Clause[] {
  const clauses = (header ?? '')
    .split(',')
    .map(text => parseMediaType(text))
    .filter(clause => clause.type !== '')
    .map(({ type, parameters }) => ({ type, parameters, quality: quality(parameters.get('q')) }))
  if (clauses.length === 0) return [{ type: '*/*', parameters: new Map(), quality: 1 }]
  return clauses.filter(clause => clause.quality > 0).sort((a, b) => b.quality - a.quality)
}

/** `type/subtype; name=value; …`, lower-cased but for the parameters' values. */
export function parseMediaType(text: string): { readonly type: string; readonly parameters: Map<string, string> } {
  const [type = '', ...rest] = text.split(';').map(part => part.trim())
  const parameters = new Map<string, string>()
  for (const parameter of rest) {
    const equals = parameter.indexOf('=')
    if (equals < 0) continue
    const value = parameter.slice(equals + 1).trim()
    parameters.set(parameter.slice(0, equals).trim().toLowerCase(), value.replace(/^"(.*)"$/, '$1'))
  }
  return { type: type.toLowerCase(), parameters }
}

function quality(text: string | undefined): number {
  if (text === undefined) return 1
  const value = Number(text)
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 1
}

const offers: readonly (Offer & { readonly form: Form })[] = [
  { form: 'json', mediaType: 'application/json', parameters: {} },
  { form: 'table', mediaType: 'application/json', parameters: { as: 'Table', v: 'v1', g: 'meta.k8s.io' } },
  {
    form: 'partial',
    mediaType: 'application/json',
    parameters: { as: 'PartialObjectMetadata', v: 'v1', g: 'meta.k8s.io' },
  },
  {
    form: 'partial',
    mediaType: 'application/json',
    parameters: { as: 'PartialObjectMetadataList', v: 'v1', g: 'meta.k8s.io' },
  },
  { form: 'yaml', mediaType: 'application/yaml', parameters: {} },
]

/** In which form an object or a list goes out; undefined: none the client accepts (406). */
export function objectForm(accept: string | undefined): Form | undefined {
  return negotiate(accept, offers)?.form
}
