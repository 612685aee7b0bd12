// YAML as Kubernetes reads it: version 1.1 of the language, so `defaultMode: 0644` is 420, except that a
// date stays the text it was.
import {
  boolYaml11Tag,
  dump,
  floatCoreTag,
  intYaml11Tag,
  loadAll,
  mapTag,
  mergeTag,
  nullYaml11Tag,
  Schema,
  seqTag,
  strTag,
  YAMLException,
} from 'js-yaml'

const schema = new Schema([mapTag, seqTag, strTag, nullYaml11Tag, boolYaml11Tag, intYaml11Tag, floatCoreTag, mergeTag])

/** A document can't be read. The message names the source and the line. */
export class YamlError extends Error {
  override readonly name = 'YamlError'
}

/**
 * All documents of a text, empty ones left out; JSON is YAML.
 * @param source what to call the text in errors: a file's name, "stdin"
 * @throws YamlError for bad syntax, duplicate keys, unknown tags
 */
export function parseYaml(text: string, source: string): unknown[] {
  try {
    return loadAll(text, { schema, filename: source }).filter(document => document !== null && document !== undefined)
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const line = error.mark === undefined ? '' : `:${error.mark.line + 1}`
    throw new YamlError(`${source}${line}: ${error.reason}`)
  }
}

/** Block style, keys in alphabetical order, no references: as kubectl prints. */
export function formatYaml(value: unknown): string {
  return dump(sorted(value), { noRefs: true, lineWidth: -1 })
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]))
}
