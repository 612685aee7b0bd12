// From the text of selectors to a selection the cache understands.
import { StatusError } from '../../../api/errors.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { decode } from '../../../api/schema/decode.ts'
import { FieldSelector } from '../../../api/values/fields.ts'
import { LabelSelector, SelectorError } from '../../../api/values/labels.ts'
import type { Selection } from '../cache/selection.ts'
import type { Selection as SelectionText } from '../contract.ts'
import { cacheKey } from '../keys.ts'
import type { Served } from './served.ts'

/** @throws StatusError 400 when a selector is malformed or names a field the kind can't be selected by */
export function select(served: Served, text: SelectionText): Selection {
  const { kind, storage, version } = served
  const { namespace } = text
  const labels = parsed(() => LabelSelector.parse(text.labelSelector ?? ''))
  const fields = parsed(() => FieldSelector.parse(text.fieldSelector ?? ''))
  const known = selectableFields(kind)
  for (const { field } of fields.requirements) {
    if (!known.includes(field)) {
      throw StatusError.badRequest(
        known.length > 2
          ? `field label not supported: ${field}`
          : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
      )
    }
  }
  const name = fields.exact('metadata.name')
  const { indexedField } = storage
  const indexed = indexedField === undefined || kind !== storage ? undefined : fields.exact(indexedField)
  const inNamespace = kind.namespaced ? (fields.exact('metadata.namespace') ?? namespace) : ''
  return {
    namespace,
    everything: labels.isEverything() && fields.isEverything(),
    ...(name !== undefined &&
      (inNamespace !== '' || !kind.namespaced) && { key: cacheKey(kind, { namespace: inNamespace, name }) }),
    // The empty value is what most objects begin with; it is not worth an index.
    ...(indexed !== undefined && indexed !== '' && { indexed }),
    selects: object =>
      (namespace === '' || object.metadata.namespace === namespace) &&
      labels.matches(object.metadata.labels) &&
      (fields.isEverything() || fields.matches(kind.selectableFields(version.show(object)))),
  }
}

const knownFields = new WeakMap<Kind, readonly string[]>()

/** The fields a kind can be selected by: those it tells of an object that is all zeros. */
function selectableFields(kind: Kind): readonly string[] {
  let fields = knownFields.get(kind)
  if (fields === undefined) {
    fields = Object.keys(kind.selectableFields(decode(kind.schema, {}).object)).sort()
    knownFields.set(kind, fields)
  }
  return fields
}

function parsed<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof SelectorError) throw StatusError.badRequest(error.message)
    throw error
  }
}
