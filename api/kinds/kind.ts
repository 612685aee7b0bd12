// A kind: one schema and all a registry, a client or a printer must know of it.
import type { FieldError } from '../schema/field-error.ts'
import { list, type Message, message, one, type Rules, typeMeta } from '../schema/message.ts'
import { dns1123SubdomainErrors } from '../values/names.ts'
import { type ListMeta, listMeta, type ObjectMeta } from './meta-v1/object-meta.ts'
import { validateObjectMeta, validateObjectMetaUpdate } from './meta-v1/object-meta-validation.ts'
import type { Cell, TableColumn } from './meta-v1/table.ts'

/** What every object has. */
export interface KubernetesObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
}

/** An object as a server answers it: what the server itself fills in is there for sure. */
export type Stored<T extends KubernetesObject = KubernetesObject> = T & {
  metadata: { name: string; uid: string; resourceVersion: string; creationTimestamp: string }
}

/** A list of objects as a server answers it. */
interface ObjectList<T extends KubernetesObject = KubernetesObject> {
  apiVersion: string
  kind: string
  metadata: ListMeta
  items: T[]
}

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch'

/** A part of an object, or an action on it, with a path of its own below the object's. */
export interface Subresource {
  /** `status`, `log`, `binding`. */
  readonly name: string
  /** The kind its bodies are of, where that is not the kind itself. */
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string }
  readonly verbs: readonly (Verb | 'connect')[]
}

/** Cells of one object at a moment; as many as there are columns. */
export interface Columns<T> {
  readonly columns: readonly TableColumn[]
  cells(object: T, nowMs: number): Cell[]
}

/** What a kind does beyond its declaration. Everything is a pure function; defaulting writes into its argument. */
export interface Behaviour<T> {
  /** Sets what depends on other fields; the declaration's constant defaults are set already. */
  setDefaults?(object: T): void
  /** What is wrong with an object, beyond its structure; `kind` adds the rules of metadata. */
  validate?(object: T): FieldError[]
  /**
   * What is wrong with an update: usually fields that must not change; `kind` adds those of metadata. The new
   * object itself is validated besides.
   */
  validateUpdate?(object: T, old: T): FieldError[]
  /** What is wrong with a new status. */
  validateStatus?(object: T, old: T): FieldError[]
  /** Fields that field selectors may name, besides metadata.name and metadata.namespace, with their values. */
  selectableFields?(object: T): Readonly<Record<string, string>>
  /** What a table shows; without it: name and age. */
  readonly table?: Columns<T>
}

export interface KindNames {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
  /** The plural that paths use: `pods`. */
  readonly resource: string
  readonly singular: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly namespaced: boolean
  readonly verbs?: readonly Verb[]
  readonly subresources?: readonly Subresource[]
  /** What is wrong with a name of this kind; without it, names are DNS subdomains. */
  readonly nameErrors?: (name: string) => string[]
}

export interface Kind<T extends KubernetesObject = KubernetesObject> extends Required<KindNames> {
  /** `v1`, or `coordination.k8s.io/v1`. */
  readonly apiVersion: string
  readonly listKind: string
  readonly schema: Message<T>
  readonly listSchema: Message<ObjectList<T>>
  readonly behaviour: Behaviour<T>
}

const everyVerb: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

const present = { required: true } as const satisfies Rules

/** Declares a kind. */
export function kind<T extends KubernetesObject>(
  names: KindNames,
  schema: Message<T>,
  behaviour: Behaviour<T> = {},
): Kind<T> {
  const apiVersion = names.group === '' ? names.version : `${names.group}/${names.version}`
  const listKind = `${names.kind}List`
  const listSchema = message(`${schema.name}List`, `A list of objects of kind ${names.kind}.`, {
    ...typeMeta<string, string>(apiVersion, listKind),
    metadata: one(1, 'What the list says of itself.', listMeta, { byValue: true }),
    items: list(2, 'The objects.', () => schema, present),
  })
  return {
    shortNames: [],
    categories: [],
    verbs: everyVerb,
    subresources: [],
    nameErrors: dns1123SubdomainErrors,
    ...names,
    apiVersion,
    listKind,
    schema,
    listSchema,
    behaviour: {
      ...behaviour,
      validate: object => [
        ...validateObjectMeta(object.metadata, { nameErrors: dns1123SubdomainErrors, ...names }),
        ...(behaviour.validate?.(object) ?? []),
      ],
      validateUpdate: (object, old) => [
        ...validateObjectMetaUpdate(object.metadata, old.metadata),
        ...(behaviour.validateUpdate?.(object, old) ?? []),
      ],
    },
  }
}

/** The usual `status` subresource. */
export const status: Subresource = { name: 'status', verbs: ['get', 'patch', 'update'] }
