// Subresources: what stands below an object's path. Each is an entry of its own, with the kind of its bodies, its
// verbs and its functions; both doors serve what is listed on a kind's entry, and nothing else.
import type { FieldError } from '../schema/field-error.ts'
import type { Message } from '../schema/message.ts'
import type { GroupVersionKind } from '../schema/openapi.ts'
import type { KubernetesObject } from './object.ts'

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch'

/** How bodies of another kind are understood: every Kind is one. */
export interface BodyKind<B extends KubernetesObject = KubernetesObject> extends GroupVersionKind {
  readonly apiVersion: string
  readonly schema: Message<B>
  setDefaults(body: B): void
  validate(body: B): FieldError[]
}

interface SubresourceNames {
  /** `status`, `log`, `binding`. */
  readonly name: string
  readonly verbs: readonly (Verb | 'connect')[]
}

/** A part of the stored object, or another form of it, that is read and written by itself: status, scale, approval. */
export interface View<T extends KubernetesObject, B extends KubernetesObject = KubernetesObject>
  extends SubresourceNames {
  readonly is: 'view'
  /** What its bodies are; absent: of the object's own kind. */
  readonly body?: BodyKind<B>
  /** What a get answers; absent: the object. */
  read?(object: T): B
  /** The object after a body was sent: a new one, which may hold parts of both. */
  apply(object: T, body: B): T
  /** Fields that a write of this view never owns, as its managers are recorded; absent: `spec`. */
  readonly resetFields?: readonly (readonly string[])[]
  /** Writes of this view are writes of the object: its own rules for an update apply. Those below need not be given. */
  readonly writesObject?: boolean
  /** As the object's own prepareForUpdate: what the body brought may be written into, what is `old`'s must not. */
  prepareForUpdate?(object: T, old: T): void
  /** What is wrong with the object after the update, besides structure and metadata. */
  validateUpdate?(object: T, old: T): FieldError[]
}

/** Something that is done by a POST: binding, eviction, token. The registry has its function (strategies/). */
export interface Action extends SubresourceNames {
  readonly is: 'action'
  /** What its bodies are. */
  readonly body: BodyKind
}

/** A stream from or to what the object stands for: log, exec, portforward, proxy. The doors have its function. */
export interface Connect extends SubresourceNames {
  readonly is: 'connect'
  /** The kind of what may be asked for in the query; absent: of the object's own kind. */
  readonly body?: GroupVersionKind
}

export type Subresource<T extends KubernetesObject = KubernetesObject> = View<T> | Action | Connect

interface WithStatus extends KubernetesObject {
  status?: unknown
}

/** The usual `status`: what the cluster reports, and of metadata what is the user's. */
export function status<T extends WithStatus>(
  rules: Pick<View<T>, 'prepareForUpdate' | 'validateUpdate'> = {},
): View<T> {
  return {
    is: 'view',
    name: 'status',
    verbs: ['get', 'patch', 'update'],
    apply: (object, { metadata, status: reported }: WithStatus) => {
      const { ownerReferences: _, ...sent } = metadata
      const { ownerReferences } = object.metadata
      return {
        ...object,
        metadata: { ...sent, ...(ownerReferences && { ownerReferences }) },
        status: reported,
      }
    },
    ...rules,
  }
}
