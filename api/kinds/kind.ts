// A kind's entry: its names, its schema and its rules, which is all that a registry, a client or a printer must know
// of it. The rules are Kubernetes' RESTCreateStrategy, RESTUpdateStrategy and their like, as data and pure functions;
// what needs the store or the cluster stands beside the registry (control-plane/registry/strategies).
import { decode } from '../schema/decode.ts'
import { setDeclaredDefaults } from '../schema/defaults.ts'
import type { FieldError } from '../schema/field-error.ts'
import { list, type Message, message, one, type Rules, typeMeta, withConstants } from '../schema/message.ts'
import { validateStructure } from '../schema/structure.ts'
import { dns1123SubdomainErrors } from '../values/names.ts'
import { type Columns, nameAndAge } from './columns.ts'
import { type ListMeta, listMeta } from './meta-v1/object-meta.ts'
import { validateObjectMeta, validateObjectMetaUpdate } from './meta-v1/object-meta-validation.ts'
import type { KubernetesObject } from './object.ts'
import { same } from './rules.ts'
import type { Subresource, Verb } from './subresource.ts'

export type { Columns } from './columns.ts'
export type { KubernetesObject, Stored } from './object.ts'
export type { Subresource, Verb } from './subresource.ts'

/** A list of objects as a server answers it. */
interface ObjectList<T extends KubernetesObject = KubernetesObject> {
  apiVersion: string
  kind: string
  metadata: ListMeta
  items: T[]
}

interface Names {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
  /** The plural that paths use: `pods`. */
  readonly resource: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  readonly verbs: readonly Verb[]
  /** What is wrong with a name of this kind; without it, names are DNS subdomains. */
  readonly nameErrors: (name: string) => string[]
}

/** What a deletion does with the objects that this one owns. */
export type PropagationPolicy = 'Orphan' | 'Background' | 'Foreground'

/** How a request came to write an object. */
export interface WriteRequest {
  /** The group and version its body was of, where a kind is served in several. */
  readonly apiVersion: string
}

interface StrategyData {
  /** A put creates the object where there is none; default false. */
  readonly allowCreateOnUpdate: boolean
  /** An update without resourceVersion overwrites; default true. */
  readonly allowUnconditionalUpdate: boolean
  /** Whether what a new object says of its status is dropped (the default) or kept. */
  readonly statusOnCreate: 'reset' | 'kept'
  /** A delete answers the object as it last stood, not a Status. */
  readonly returnDeletedObject: boolean
  /** Of a deletion that does not say; absent: Background. Unsupported: such objects own nothing. */
  readonly defaultPropagationPolicy?: PropagationPolicy | 'Unsupported'
  /** Objects vanish this long after they were last written. */
  readonly ttlSeconds?: number
  /** The one of the selectable fields that many readers select one value of, as a pod's node. */
  readonly indexedField?: string
}

/**
 * The rules. Those that set something write into their argument, and never into what came from `old`: in an update of
 * the object that is its status, in one of its status everything else. Kubernetes' order: defaults, admission,
 * prepareFor…, validation.
 */
interface StrategyFunctions<T> {
  /** Sets what the author left out, as far as it depends on other fields; declared defaults are set already. */
  setDefaults(object: T): void
  /** What is reset or dropped of a new object, and what follows from it; its status is reset already. */
  prepareForCreate(object: T): void
  /** What an update can't change, and what follows from it; the status is the old one's already. */
  prepareForUpdate(object: T, old: T): void
  /** What is wrong with an object, beyond its structure and metadata. */
  validate(object: T, request?: WriteRequest): FieldError[]
  /** What is wrong with an update, mostly fields that must not change; the new object is validated besides. */
  validateUpdate(object: T, old: T, request?: WriteRequest): FieldError[]
  /** What is allowed and most likely a mistake: the texts of `Warning` headers. @param old absent: it is created */
  warnings(object: T, old?: T): string[]
  /** Whether an update counts up metadata.generation. */
  isNewGeneration(object: T, old: T): boolean
  /** How long a deletion waits for whoever runs the object; undefined: such objects have no grace. */
  gracePeriodSeconds(object: T, requested: number | undefined): number | undefined
  /** Fields that field selectors may name, with their values. */
  selectableFields(object: T): Readonly<Record<string, string>>
}

/** Another served version of a kind: its objects are stored as those of the storage version. */
export interface StorageVersion<T extends KubernetesObject, S extends KubernetesObject = KubernetesObject> {
  readonly storage: Kind<S>
  /** New objects, which may hold parts of the given ones. */
  toStorage(object: T): S
  fromStorage(object: S): T
}

type Optional<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>

/** What a kind declares. */
export interface KindDeclaration<T extends KubernetesObject>
  extends Optional<Names, 'shortNames' | 'categories' | 'verbs' | 'nameErrors'>,
    Partial<StrategyData>,
    Partial<Omit<StrategyFunctions<T>, 'isNewGeneration'>> {
  /** Of objectSchema(). */
  readonly schema: Message<T>
  readonly subresources?: readonly Subresource<T>[]
  /** What a table shows; absent: name and age. */
  readonly table?: Columns<T>
  /**
   * Which updates count up metadata.generation; absent: those that change anything but metadata and status, for kinds
   * that have a status, and none for others. `false`: such objects have no generation.
   */
  readonly generation?: false | ((object: T, old: T) => boolean)
  /** Where this is not the version that is stored; names, schema, defaults and table are then all that counts here. */
  readonly storedAs?: StorageVersion<T>
}

export interface Kind<T extends KubernetesObject = KubernetesObject> extends Names, StrategyData, StrategyFunctions<T> {
  /** `v1`, or `coordination.k8s.io/v1`. */
  readonly apiVersion: string
  readonly listKind: string
  readonly schema: Message<T>
  readonly listSchema: Message<ObjectList<T>>
  readonly subresources: readonly Subresource<T>[]
  readonly table: Columns<T>
  readonly hasGeneration: boolean
  readonly storedAs?: StorageVersion<T>
}

const everyVerb: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

const present = { required: true } as const satisfies Rules

/** Makes a kind's entry: what every kind has is added here, so that a declaration holds what is its own. */
export function kind<T extends KubernetesObject>(declared: KindDeclaration<T>): Kind<T> {
  const { group, version, kind, subresources = [], nameErrors = dns1123SubdomainErrors, generation } = declared
  const apiVersion = group === '' ? version : `${group}/${version}`
  const schema = withConstants(declared.schema, { kind, apiVersion })
  const listKind = `${kind}List`
  const listSchema = message(`${schema.name}List`, `A list of objects of kind ${kind}.`, {
    ...typeMeta<string, string>(apiVersion, listKind),
    metadata: one(1, 'What the list says of itself.', listMeta, { byValue: true }),
    items: list(2, 'The objects.', schema, present),
  })
  const hasStatus = subresources.some(({ name }) => name === 'status')
  const newStatus = zeroStatus(schema)
  const statusOnCreate = declared.statusOnCreate ?? 'reset'
  return {
    shortNames: [],
    categories: [],
    verbs: everyVerb,
    allowCreateOnUpdate: false,
    allowUnconditionalUpdate: true,
    returnDeletedObject: false,
    gracePeriodSeconds: () => undefined,
    warnings: () => [],
    table: nameAndAge,
    ...declared,
    apiVersion,
    listKind,
    schema,
    listSchema,
    subresources,
    nameErrors,
    statusOnCreate,
    hasGeneration: generation === undefined ? hasStatus : generation !== false,
    setDefaults(object) {
      setDeclaredDefaults(schema, object)
      declared.setDefaults?.(object)
    },
    prepareForCreate(object) {
      if (hasStatus && statusOnCreate === 'reset') setStatus(object, newStatus())
      declared.prepareForCreate?.(object)
    },
    prepareForUpdate(object, old) {
      if (hasStatus) setStatus(object, statusOf(old))
      declared.prepareForUpdate?.(object, old)
    },
    validate: (object, request) => [
      ...validateStructure(schema, object),
      ...validateObjectMeta(object.metadata, { nameErrors, namespaced: declared.namespaced }),
      ...(declared.validate?.(object, request) ?? []),
    ],
    validateUpdate: (object, old, request) => [
      ...validateObjectMetaUpdate(object.metadata, old.metadata),
      ...(declared.validateUpdate?.(object, old, request) ?? []),
    ],
    isNewGeneration: generation || (generation === undefined && hasStatus ? contentDiffers : () => false),
    selectableFields: object => ({
      ...declared.selectableFields?.(object),
      'metadata.name': object.metadata.name ?? '',
      'metadata.namespace': object.metadata.namespace ?? '',
    }),
  }
}

interface WithStatus extends KubernetesObject {
  status?: unknown
}

/** Status is what the cluster reports, and of a new object it has reported nothing. */
function zeroStatus({ byName }: Message): () => unknown {
  const { type, rules } = byName.get('status') ?? {}
  if (type?.is !== 'message' || rules?.byValue !== true) return () => undefined
  return () => decode(type.message(), {}).object
}

const statusOf = (object: WithStatus): unknown => object.status

function setStatus(object: WithStatus, status: unknown): void {
  if (status === undefined) delete object.status
  else object.status = status
}

/** Whether two versions of an object differ in something besides metadata and status. */
function contentDiffers(object: WithStatus, old: WithStatus): boolean {
  const { metadata: _, status: __, ...after } = object
  const { metadata: ___, status: ____, ...before } = old
  return !same(after, before)
}
