// From the store's bytes to what readers get, and back. The store holds an object's JSON without its
// resourceVersion; the readers' JSON is the same bytes with it spliced in, so nothing is serialised twice.
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import type { Revision } from '../../store/store.ts'
import type { ApiObject, Encoded } from '../contract.ts'

/** `{"kind":…,"apiVersion":…,"metadata":{`: what the bytes of every object of a kind begin with. */
function headOf(object: { readonly kind: string; readonly apiVersion: string }): string {
  return `{"kind":${JSON.stringify(object.kind)},"apiVersion":${JSON.stringify(object.apiVersion)},"metadata":{`
}

/** The bytes the store keeps: the resourceVersion, which only the store knows, is left out. */
export function encode(draft: KubernetesObject): Buffer {
  const { kind, apiVersion, metadata, ...rest } = draft
  return Buffer.from(
    JSON.stringify({ kind, apiVersion, metadata: { ...metadata, resourceVersion: undefined }, ...rest }),
  )
}

/** What readers get of an object just written: no parsing, no serialising. */
export function encoded(draft: KubernetesObject, value: Buffer, revision: Revision | string): Encoded {
  const resourceVersion = String(revision)
  const { name = '', uid = '', creationTimestamp = '' } = draft.metadata
  const object = { ...draft, metadata: { ...draft.metadata, name, uid, creationTimestamp, resourceVersion } }
  return { object, json: splice(draft, value, resourceVersion) }
}

/**
 * @param complete answers the object itself, or another one where something is missing that readers rely on
 * @throws Error when the store holds something that is no such object
 */
export function decode(
  value: Buffer,
  revision: Revision,
  complete: (stored: KubernetesObject) => KubernetesObject,
): Encoded {
  const stored: unknown = JSON.parse(value.toString())
  if (!isObject(stored)) throw new SyntaxError('not an object of the API: kind, apiVersion or metadata is missing')
  const draft = complete(stored)
  return encoded(draft, draft === stored ? value : encode(draft), revision)
}

/** The JSON of an object from its metadata on: what an item of a list is made of. */
export function withoutKind({ object, json }: Encoded): Buffer {
  const head = headOf(object)
  return json.subarray(Buffer.byteLength(head) - '"metadata":{'.length)
}

/** The same object as it is told of at another revision: its deletion. */
export function atRevision(last: Encoded, revision: Revision): Encoded {
  const resourceVersion = String(revision)
  const object: ApiObject = { ...last.object, metadata: { ...last.object.metadata, resourceVersion } }
  const head = headOf(object)
  // The JSON of an Encoded always begins with the head and its resourceVersion: splice() wrote them.
  const old = `"resourceVersion":"${last.object.metadata.resourceVersion}"`
  const json = Buffer.concat([
    Buffer.from(`${head}"resourceVersion":"${resourceVersion}"`),
    last.json.subarray(Buffer.byteLength(head) + old.length),
  ])
  return { object, json }
}

function splice(object: KubernetesObject, value: Buffer, resourceVersion: string): Buffer {
  const head = headOf(object)
  const headBytes = Buffer.byteLength(head)
  if (value.toString('utf8', 0, headBytes) !== head) {
    // Written by something else than encode(): the same content, its fields in encode's order.
    return splice(object, encode(object), resourceVersion)
  }
  const inserted = `${head}"resourceVersion":"${resourceVersion}",`
  const json = Buffer.allocUnsafe(value.length + Buffer.byteLength(inserted) - headBytes)
  value.copy(json, json.write(inserted), headBytes)
  return json
}

function isObject(value: unknown): value is KubernetesObject {
  if (typeof value !== 'object' || value === null) return false
  if (!('kind' in value && 'apiVersion' in value && 'metadata' in value)) return false
  const { kind, apiVersion, metadata } = value
  return typeof kind === 'string' && typeof apiVersion === 'string' && typeof metadata === 'object' && metadata !== null
}
