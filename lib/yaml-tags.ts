// How Kubernetes' clients and servers resolve YAML (sigs.k8s.io/yaml v1.6.0 over goyaml.v2): YAML 1.1's words for booleans
// and null, Go's forms of numbers, dates as the text they are, tags of one's own without meaning, merge keys in the order
// they stand. What a document means must not depend on which of them reads it.
import { defineMappingTag, defineScalarTag, defineSequenceTag, NOT_RESOLVED, Schema } from 'js-yaml'

const words = new Map<string, boolean | null>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(word => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map(word => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map(word => [word, null] as const),
])

/** Numbers that JSON can't write: converting such a document fails. */
const unwritable = /^(?:\.nan|\.NaN|\.NAN|[-+]?\.(?:inf|Inf|INF))$/
const decimal = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
/** strconv.ParseInt with base 0: a prefix says the base, and so does a leading zero. */
const prefixed = /^([-+]?)0(?:([xX])([0-9a-fA-F]+)|([bB])([01]+)|[oO]?([0-7]+))$/
const mostInteger = 2n ** 64n - 1n
const leastInteger = -(2n ** 63n)

/** What a plain scalar stands for. @throws RangeError for an infinity, or for what is no number: JSON has neither */
function resolvePlain(source: string): boolean | null | number | string {
  const word = words.get(source)
  if (word !== undefined) return word
  if (unwritable.test(source)) throw new RangeError(`${source} can't be written as JSON`)
  return resolveNumber(source) ?? source
}

function resolveNumber(source: string): number | undefined {
  if (!/^[-+.0-9]/.test(source)) return undefined
  // Underscores may stand between digits, but not in a number that begins with its point.
  const digits = source.startsWith('.') ? source : source.replaceAll('_', '')
  const integer = integerOf(digits)
  if (integer !== undefined) return Number(integer)
  return decimal.test(digits) ? Number(digits) : undefined
}

function integerOf(digits: string): bigint | undefined {
  const base = prefixed.exec(digits)
  if (base) {
    const [, sign = '', hex, hexDigits = '', binary, binaryDigits = '', octalDigits = ''] = base
    const literal = hex ? `0x${hexDigits}` : binary ? `0b${binaryDigits}` : `0o${octalDigits}`
    return inRange(sign === '-' ? -BigInt(literal) : BigInt(literal))
  }
  // A leading zero with an 8 or a 9 behind it is no octal number; it is read as a decimal fraction is.
  return /^[-+]?(?:0|[1-9][0-9]*)$/.test(digits) ? inRange(BigInt(digits.replace('+', ''))) : undefined
}

const inRange = (integer: bigint): bigint | undefined =>
  integer >= leastInteger && integer <= mostInteger ? integer : undefined

const core = (name: string): string => `tag:yaml.org,2002:${name}`
const explicitOnly = { implicit: false, identify: () => false } as const

/** Answers what a plain scalar means if it is what its tag says. */
const scalarTag = (name: string, accepts: (value: boolean | null | number | string) => boolean) =>
  defineScalarTag(core(name), {
    ...explicitOnly,
    resolve: source => {
      const value = resolvePlain(source)
      return accepts(value) ? value : NOT_RESOLVED
    },
  })

/** Stands for `<<` as a key until its mapping takes it. */
const mergeKey = Symbol('<<')
const asValue = (value: unknown): unknown => (value === mergeKey ? '<<' : value)

const plainTag = defineScalarTag(core('plain'), {
  implicit: true,
  identify: () => false,
  resolve: source => {
    if (source === '<<') return mergeKey
    const value = resolvePlain(source)
    return value === source ? NOT_RESOLVED : value
  },
})

const text = (tagName: string, matchByTagPrefix: boolean) =>
  defineScalarTag(tagName, { ...explicitOnly, matchByTagPrefix, resolve: source => source })

const binaryTag = defineScalarTag(core('binary'), {
  ...explicitOnly,
  resolve: source =>
    /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(source) ? Buffer.from(source, 'base64').toString() : NOT_RESOLVED,
})

const sequence = (tagName: string, matchByTagPrefix: boolean) =>
  defineSequenceTag<unknown[]>(tagName, {
    matchByTagPrefix,
    create: () => [],
    addItem: (list, item) => void list.push(asValue(item)),
    identify: Array.isArray,
  })

interface Mapping {
  readonly fields: Record<string, unknown>
  /** The keys written out; those merged in may be written again. */
  readonly written: Set<string>
}

const mapping = (tagName: string, matchByTagPrefix: boolean) =>
  defineMappingTag<Mapping, Record<string, unknown>>(tagName, {
    matchByTagPrefix,
    create: () => ({ fields: {}, written: new Set() }),
    has: ({ written }, key) => key !== mergeKey && written.has(String(key)),
    keys: Object.keys,
    get: (fields, key) => fields[String(key)],
    addPair: ({ fields, written }, key, value) => {
      if (key === mergeKey) return merge(fields, value)
      if (typeof key === 'object' && key !== null) return 'a key must be a scalar'
      written.add(String(key))
      setOwn(fields, String(key), asValue(value))
      return ''
    },
    finalize: ({ fields }) => fields,
    identify: value => typeof value === 'object' && value !== null && !Array.isArray(value),
  })

/** Of several mappings the first has the last word; what stands before `<<` gives way, what comes after it wins. */
function merge(fields: Record<string, unknown>, value: unknown): string {
  const listed: readonly unknown[] = Array.isArray(value) ? value : [value]
  for (const source of listed.toReversed()) {
    if (typeof source !== 'object' || source === null || Array.isArray(source)) {
      return 'map merge requires map or sequence of maps as the value'
    }
    for (const [key, item] of Object.entries(source)) setOwn(fields, key, item)
  }
  return ''
}

/** Keys come from strangers: `__proto__` is a key like any other. */
function setOwn(fields: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(fields, key, { value, enumerable: true, configurable: true, writable: true })
}

export const kubernetesSchema = new Schema([
  mapping(core('map'), false),
  sequence(core('seq'), false),
  text(core('str'), false),
  text(core('timestamp'), false),
  plainTag,
  binaryTag,
  scalarTag('null', value => value === null),
  scalarTag('bool', value => typeof value === 'boolean'),
  scalarTag('int', Number.isInteger),
  scalarTag('float', value => typeof value === 'number'),
  // A tag that means nothing here is dropped, and its scalar is text.
  text('', true),
  sequence('', true),
  mapping('', true),
])
