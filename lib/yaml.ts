// YAML as Kubernetes reads it: version 1.1 of the language in Go's words (yaml-tags.ts), so `defaultMode: 0644` is 420,
// `22:22` is text and a date stays the text it was.
import { CHOMPING_MODE, constructFromEvents, dump, EVENT_ID, type Event, parseEvents, YAMLException } from 'js-yaml'
import { kubernetesSchema } from './yaml-tags.ts'

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
    const { events, source: read } = parseLayout(text, source)
    const documents = constructFromEvents(events, { source: read, schema: kubernetesSchema, filename: source })
    return documents.filter(document => document !== null && document !== undefined)
  } catch (error) {
    if (error instanceof RangeError) throw new YamlError(`${source}: ${error.message}`)
    if (!(error instanceof YAMLException)) throw error
    const line = error.mark === undefined ? '' : `:${error.mark.line + 1}`
    throw new YamlError(`${source}${line}: ${error.reason}`)
  }
}

/** Lines of one text that are given the blank they lack, see below. */
const mostIndented = 200

/**
 * libyaml lets closing brackets and the lines of quoted text stand in the first column, and ends a block scalar without
 * a newline where the text does.
 */
function parseLayout(text: string, filename: string): { readonly events: Event[]; readonly source: string } {
  let source = text
  for (let indented = 0; ; indented++) {
    try {
      return { events: endAsWritten(parseEvents(source, { filename }), source), source }
    } catch (error) {
      if (!(error instanceof YAMLException) || error.reason !== 'deficient indentation') throw error
      const lineStart = source.lastIndexOf('\n', (error.mark?.position ?? 0) - 1) + 1
      if (indented === mostIndented || lineStart === 0) throw error
      source = `${source.slice(0, lineStart)} ${source.slice(lineStart)}`
    }
  }
}

function endAsWritten(events: Event[], source: string): Event[] {
  if (source.endsWith('\n')) return events
  return events.map(event => {
    const isClipped = event.type === EVENT_ID.SCALAR && event.chomping === CHOMPING_MODE.CLIP
    return isClipped && event.valueEnd >= source.length ? { ...event, chomping: CHOMPING_MODE.STRIP } : event
  })
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
