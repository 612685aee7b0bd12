// What the registry offers to both doors, on one screen: resources, their verbs, and what comes back.
// Everything that goes wrong is thrown as a StatusError (api/errors.ts), worded as Kubernetes words it.

import type { StatusError } from '../../api/errors.ts'
import type { Kind, Stored, Subresource } from '../../api/kinds/kind.ts'
import type { Status } from '../../api/kinds/meta-v1/status.ts'
import type { Catalogue } from './catalogue.ts'

/** Any object of the API, decoded. What the registry hands out is shared by all readers: never write to it. */
export type ApiObject = Readonly<Stored>

export interface RequestContext {
  readonly user?: { readonly name: string; readonly groups: readonly string[] }
  /** Everything but the write: checks, defaults and the answer are the same. */
  readonly dryRun?: boolean
  /** Who writes: what the request says, else how the client names itself. */
  readonly fieldManager?: string
  /** What to do about unknown and duplicate fields; default Strict. */
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict'
  /** Of a server-side apply: takes fields from the managers that own them. */
  readonly force?: boolean
  readonly signal?: AbortSignal
  /** The client has no way to hear of what is merely unwise, so nobody looks for it. */
  readonly withoutWarnings?: boolean
  /** Asked when an update turns out to create its object. @throws StatusError 403 */
  authorizeCreate?(): void
  /** Takes what is for the audit log. */
  annotate?(key: string, value: string): void
}

/** Which object: the namespace is '' at cluster scope. */
export interface Target {
  readonly namespace: string
  readonly name: string
  /** `status`, `binding`, `finalize` …; default: the object itself. */
  readonly subresource?: string
}

/** What a client sent: JSON as it came, or an object a door decoded from YAML or protobuf. */
export type Body = Uint8Array | object

/** An object and its JSON, resourceVersion included. */
export interface Encoded {
  readonly object: ApiObject
  readonly json: Buffer
}

export interface Written {
  /** The object as it stands now; a Status where there is none to answer (a binding). */
  readonly object: ApiObject | Status
  readonly json: Buffer
  /** For `Warning` headers (299). */
  readonly warnings: readonly string[]
  /** Something new came of it. */
  readonly created?: boolean
}

export interface Deleted {
  /** The object as it stands now or stood last, or a Status of success. */
  readonly object: ApiObject | Status
  readonly json: Buffer
  /** False: it waits for its finalizers or its grace period. */
  readonly gone: boolean
  readonly warnings: readonly string[]
}

export interface Selection {
  /** '': every namespace. */
  readonly namespace: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

export interface ReadVersion {
  /** '' (default): as of now; '0': whatever is at hand; else by `resourceVersionMatch`. */
  readonly resourceVersion?: string
  readonly resourceVersionMatch?: string
}

export interface ListOptions extends Selection, ReadVersion {
  readonly limit?: number
  readonly continue?: string
}

export interface ObjectList {
  /** Of the list, as `PodList`. */
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: {
    readonly resourceVersion: string
    readonly continue?: string
    readonly remainingItemCount?: number
  }
  readonly items: readonly Encoded[]
  /** The whole list as JSON: the items' bytes, concatenated. */
  json(): Buffer
}

export interface WatchOptions extends Selection, ReadVersion {
  readonly allowBookmarks?: boolean
  /** The present objects first, as ADDED, then a BOOKMARK annotated `k8s.io/initial-events-end`. */
  readonly sendInitialEvents?: boolean
  /** The watch ends by itself after this long. */
  readonly timeoutSeconds?: number
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'

/** Shared by every watcher that sees it: what a door derives from one (a frame, a Table) it may keep by identity. */
export interface WatchEvent {
  readonly type: WatchEventType
  /** A bookmark's object holds kind, apiVersion and metadata.resourceVersion only. */
  readonly object: ApiObject
  readonly json: Buffer
  /** `{"type":…,"object":…}` and a newline: the frame of a REST watch; made once. */
  readonly frame: Buffer
}

export interface DeleteOptions {
  /** Absent: the object's own grace period. */
  readonly gracePeriodSeconds?: number
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
}

export type PatchType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/apply-patch+yaml'

export interface Resource {
  readonly kind: Kind
  /** Those of the kind that this build has functions for. */
  readonly subresources: readonly Subresource[]

  get(target: Target, version?: ReadVersion, context?: RequestContext): Promise<Encoded>
  list(options: ListOptions, context?: RequestContext): Promise<ObjectList>

  /**
   * Batches of events, in order and without gaps, until the context's signal aborts, the timeout passes or the
   * reader falls too far behind (the iteration ends: resume at the last resourceVersion seen). It is already watching
   * when the promise resolves, so iterate it, or abort the signal.
   * @throws StatusError when the request is wrong or its resourceVersion too old (410 Expired)
   */
  watch(options: WatchOptions, context?: RequestContext): Promise<AsyncIterable<readonly WatchEvent[]>>

  /** With a subresource (`binding`, `eviction`), `target.name` is the object it acts on; else it may be ''. */
  create(target: Target, body: Body, context?: RequestContext): Promise<Written>
  update(target: Target, body: Body, context?: RequestContext): Promise<Written>
  patch(target: Target, type: PatchType, patch: Uint8Array, context?: RequestContext): Promise<Written>
  delete(target: Target, options?: DeleteOptions, context?: RequestContext): Promise<Deleted>
  /** Deletes what the list selects, one by one; answers what the list held. */
  deleteCollection(options: ListOptions, deletion?: DeleteOptions, context?: RequestContext): Promise<ObjectList>

  /** Admits a stream, and answers the object it is about; the doors open it. */
  connect(target: Target, context?: RequestContext): Promise<Encoded>

  /** Many writes of `status`, one commit; each with its own outcome, in order. */
  updateStatuses(bodies: readonly Body[], context?: RequestContext): Promise<Outcome[]>
}

export interface Binding {
  readonly namespace: string
  readonly name: string
  /** A pod of that name but another uid is not bound; '' for any. */
  readonly uid: string
  readonly node: string
}

export type Outcome = ({ readonly ok: true } & Encoded) | { readonly ok: false; readonly error: StatusError }

export interface Registry {
  /** What is served; to be read, and listened to. */
  readonly catalogue: Catalogue
  /** Serves a kind from now on: resolves when it is discovered. @throws RangeError when its name is taken; StatusError */
  add(kind: Kind): Promise<void>
  /** Serves it no more: its watches end. What is stored of it stays. */
  remove(kind: Kind): void
  readonly resources: readonly Resource[]
  /** Undefined: no such resource is served. */
  resource(group: string, version: string, resource: string): Resource | undefined
  /** Binds pods to nodes, all in one commit; each with its own outcome, in order. */
  bind(bindings: readonly Binding[], context?: RequestContext): Promise<Outcome[]>
  /** Resolves when reads are served. @throws StatusError 503 while the store is away or the caches are behind it */
  ready(): Promise<void>
}
