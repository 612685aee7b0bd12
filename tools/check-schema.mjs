// Compares the API's declarations with a folder of API facts: `node tools/check-schema.mjs FOLDER`.
// FOLDER holds types.json (types and their fields), wire.json (messages that exist on the wire only) and
// resources.json (resources and their verbs). Prints every difference; exits with 1 when there is one.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const root = path.resolve(import.meta.dirname, '..')
const [folder] = process.argv.slice(2)
if (folder === undefined) {
  process.stderr.write('usage: node tools/check-schema.mjs FOLDER\n')
  process.exit(2)
}
/** Fewer than these were compared: the check itself must be broken. */
const fewestTypes = 150
const fewestFields = 900

/**
 * @typedef {{ type: string, tag?: number, required?: 1, default?: unknown, list?: string, keys?: string[], map?: string,
 *   patch?: string, mergeKey?: string }} FactField
 * @typedef {{ fields?: Record<string, FactField>, gvk?: string[], embeds?: Record<string, [number, string]> }} FactType
 * @typedef {{ kind: string, namespaced: boolean, verbs: string[] }} FactResource
 */

/** @param {string} name */
const facts = name => JSON.parse(readFileSync(path.join(folder, name), 'utf8'))
/** @type {Record<string, FactType>} */
const types = facts('types.json')
/** @type {Record<string, Record<string, [number, string]>>} */
const wire = facts('wire.json')
/** @type {Record<string, Record<string, FactResource>>} */
const resources = facts('resources.json')

/** @type {string[]} */
const differences = []
let typeCount = 0
let fieldCount = 0

/**
 * @param {string} where
 * @param {unknown} declared
 * @param {unknown} fact
 */
function compare(where, declared, fact) {
  const [a, b] = [JSON.stringify(declared), JSON.stringify(fact)]
  if (a !== b) differences.push(`${where}: declared ${a}, but is ${b}`)
}

/**
 * @param {string} where
 * @param {Iterable<string>} declared
 * @param {Iterable<string>} fact
 */
function compareNames(where, declared, fact) {
  const [ours, theirs] = [new Set(declared), new Set(fact)]
  for (const name of theirs) if (!ours.has(name)) differences.push(`${where}.${name}: not declared`)
  for (const name of ours) if (!theirs.has(name)) differences.push(`${where}.${name}: declared, but does not exist`)
}

const api = await bundle()
/** @typedef {import('../api/schema/message.ts').Message} Message */
/** @typedef {import('../api/schema/message.ts').ValueType} ValueType */

/** @type {Set<string>} */
const seen = new Set()

/** @param {Message} message */
function checkMessage(message) {
  if (seen.has(message.name)) return
  seen.add(message.name)
  const type = types[message.name]
  if (type?.fields !== undefined) checkType(message, type, type.fields)
  else if (wire[message.name] !== undefined) checkWire(message, wire[message.name] ?? {})
  else differences.push(`${message.name}: declared, but does not exist`)
  if (message.embedded !== undefined) checkMessage(message.embedded.message())
  for (const { type } of message.own) {
    const nested = messageOf(type)
    if (nested !== undefined) checkMessage(nested)
  }
}

/**
 * @param {ValueType} type
 * @returns {Message | undefined}
 */
function messageOf(type) {
  if (type.is === 'scalar') return undefined
  return type.is === 'message' ? type.message() : messageOf(type.is === 'list' ? type.element : type.value)
}

/**
 * A type of the JSON form: its fields with all that is ruled of them.
 * @param {Message} message
 * @param {FactType} type
 * @param {Record<string, FactField>} fields
 */
function checkType(message, type, fields) {
  typeCount++
  compareNames(message.name, message.byName.keys(), Object.keys(fields))
  checkEmbedded(message, type.embeds ?? {})
  const own = new Set(message.own.map(({ name }) => name))
  for (const { name, type, tag, rules } of message.fields) {
    const fact = fields[name]
    if (fact === undefined) continue
    fieldCount++
    const where = `${message.name}.${name}`
    compare(`${where}: type`, typeText(type), fact.type)
    if (own.has(name)) compare(`${where}: tag`, tag === 0 ? undefined : tag, fact.tag)
    else compare(`${where}: tag of an inlined field`, undefined, fact.tag)
    // apiVersion and kind are always there, and listed as required nowhere.
    compare(`${where}: required`, rules.required === true && rules.constant === undefined, fact.required === 1)
    compare(`${where}: default`, rules.default, fact.default)
    compare(`${where}: list type`, rules.listType, fact.list)
    compare(`${where}: list keys`, rules.keys, fact.keys)
    compare(`${where}: map type`, rules.mapType, fact.map)
    compare(`${where}: patch strategy`, rules.patch, fact.patch)
    compare(`${where}: merge key`, rules.mergeKey, fact.mergeKey)
  }
}

/**
 * @param {Message} message
 * @param {Record<string, [number, string]>} embeds
 */
function checkEmbedded({ name, embedded }, embeds) {
  const declared = embedded && [embedded.name.toLowerCase(), embedded.tag, embedded.message().name.split('.').at(-1)]
  const [fact] = Object.entries(embeds).map(([field, [tag, message]]) => [field, tag, message])
  compare(`${name}: embedded message`, declared, fact)
}

/**
 * A message that is known by its wire form only.
 * @param {Message} message
 * @param {Record<string, [number, string]>} fields
 */
function checkWire(message, fields) {
  typeCount++
  const own = message.own.filter(({ tag }) => tag > 0)
  compareNames(
    message.name,
    own.map(({ name }) => name),
    Object.keys(fields),
  )
  for (const { name, tag, type } of own) {
    const fact = fields[name]
    if (fact === undefined) continue
    fieldCount++
    compare(`${message.name}.${name}: tag`, tag, fact[0])
    compare(`${message.name}.${name}: type`, wireTypeText(type, message.name), fact[1])
  }
}

/** @type {Record<string, string>} */
const scalarNames = {
  bytes: 'byte',
  quantity: 'apimachinery.pkg.api.resource.Quantity',
  intOrString: 'apimachinery.pkg.util.intstr.IntOrString',
  time: 'apimachinery.pkg.apis.meta.v1.Time',
  microTime: 'apimachinery.pkg.apis.meta.v1.MicroTime',
  object: 'apimachinery.pkg.runtime.RawExtension',
  fieldsV1: 'apimachinery.pkg.apis.meta.v1.FieldsV1',
}

/**
 * As types.json writes it.
 * @param {ValueType} type
 * @returns {string}
 */
function typeText(type) {
  switch (type.is) {
    case 'scalar':
      return scalarNames[type.scalar] ?? type.scalar
    case 'message':
      return type.message().name
    case 'list':
      return `[]${typeText(type.element)}`
    case 'map':
      return `map[${type.value.is === 'scalar' && type.value.scalar === 'string' ? 'string' : typeText(type.value)}]`
  }
}

/**
 * As wire.json writes it: messages of the same package without it, others with a leading dot.
 * @param {ValueType} type
 * @param {string} owner
 * @returns {string}
 */
function wireTypeText(type, owner) {
  if (type.is === 'list') return `repeated ${wireName(typeText(type.element), owner)}`
  if (type.is === 'map') return `map<string, ${wireName(typeText(type.value), owner)}>`
  return `optional ${wireName(typeText(type), owner)}`
}

/**
 * @param {string} name
 * @param {string} owner
 */
function wireName(name, owner) {
  if (!name.includes('.')) return { boolean: 'bool', byte: 'bytes' }[name] ?? name
  const within = owner.slice(0, owner.lastIndexOf('.') + 1)
  return name.startsWith(within) ? name.slice(within.length) : `.k8s.io.${name}`
}

/** @param {import('../api/kinds/kind.ts').Kind} kind */
function checkKind(kind) {
  const { apiVersion, resource } = kind
  compare(`${kind.schema.name}: kinds`, [`${apiVersion}/${kind.kind}`], types[kind.schema.name]?.gvk)
  checkMessage(kind.schema)
  if (kind.verbs.includes('list')) {
    compare(`${kind.listSchema.name}: kinds`, [`${apiVersion}/${kind.listKind}`], types[kind.listSchema.name]?.gvk)
    checkMessage(kind.listSchema)
  }
  checkResource(apiVersion, resource, {
    kind: `${apiVersion}/${kind.kind}`,
    namespaced: kind.namespaced,
    verbs: kind.verbs.filter(verb => verb !== 'watch'),
  })
  for (const { name, verbs, body = kind } of kind.subresources) {
    checkResource(apiVersion, `${resource}/${name}`, {
      kind: `${body.group === '' ? '' : `${body.group}/`}${body.version}/${body.kind}`,
      namespaced: kind.namespaced,
      verbs: [...verbs],
    })
  }
}

/**
 * @param {string} apiVersion
 * @param {string} resource
 * @param {FactResource} declared
 */
function checkResource(apiVersion, resource, declared) {
  const fact = resources[apiVersion]?.[resource]
  compare(`${apiVersion} ${resource}`, sorted(declared), fact && sorted(fact))
}

/** @param {FactResource} resource */
const sorted = ({ kind, namespaced, verbs }) => ({ kind, namespaced, verbs: [...verbs].sort() })

/**
 * Scalars that are messages on the wire: tags and types of their fields.
 * @param {Record<string, Record<string, [number, string]>>} declared
 */
function checkWireScalars(declared) {
  for (const [name, fields] of Object.entries(declared)) {
    typeCount++
    /** @type {Record<string, [number, string]>} */
    const fact = Object.fromEntries(
      Object.entries(wire[name] ?? {}).map(([field, [tag, type]]) => [field, [tag, type.replace('optional ', '')]]),
    )
    compareNames(name, Object.keys(fields), Object.keys(fact))
    for (const field of Object.keys(fields)) compare(`${name}.${field}`, fields[field], fact[field])
  }
}

for (const kind of api.kinds) checkKind(kind)
for (const message of api.messages) checkMessage(message)
checkWireScalars(api.wireScalars())

for (const difference of differences) process.stderr.write(`${difference}\n`)
if (typeCount < fewestTypes || fieldCount < fewestFields) {
  process.stderr.write(`compared only ${typeCount} types and ${fieldCount} fields: the check does not see the API\n`)
  process.exit(1)
}
process.stdout.write(
  `${typeCount} types, ${fieldCount} fields, ${api.kinds.length} kinds: ${differences.length} differences\n`,
)
process.exit(differences.length === 0 ? 0 : 1)

/**
 * The declarations, from TypeScript.
 * @returns {Promise<{
 *   kinds: readonly import('../api/kinds/kind.ts').Kind[],
 *   messages: readonly Message[],
 *   wireScalars: () => Record<string, Record<string, [number, string]>>,
 * }>}
 */
async function bundle() {
  // Messages that no kind contains (options of requests) are found in the files that declare them.
  const files = readdirSync(path.join(root, 'api', 'kinds'), { recursive: true, encoding: 'utf8' })
  const declaring = files.filter(file => file.includes('/') && file.endsWith('.ts') && !file.endsWith('.test.ts'))
  const contents = `
    ${declaring.map((file, index) => `import * as file${index} from './api/kinds/${file}'`).join('\n')}
    export { kinds } from './api/kinds/index.ts'
    export { wireScalars } from './api/schema/protobuf.ts'
    const all = [${declaring.map((_, index) => `file${index}`).join(', ')}].flatMap(file => Object.values(file))
    // The message of a kind's objects is its entry's, which knows what apiVersion and kind are.
    const isObject = ({ byName }) => byName.has('metadata') && byName.get('kind')?.rules.required === true
    export const messages = all.filter(value => Array.isArray(value.own) && !isObject(value))
  `
  const outfile = path.join(root, 'dist', 'check-schema', 'api.mjs')
  await build({
    absWorkingDir: root,
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    outfile,
    logLevel: 'warning',
  })
  return import(outfile)
}
