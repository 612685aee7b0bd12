// The API as components see it, on one screen. grpc.ts speaks to a control plane; fake.ts holds objects in memory.
// Both pass test/suites/client.ts.
import type { Pod } from '../api/kinds/core-v1/pod.ts'
import type { KubernetesObject, Stored } from '../api/kinds/kind.ts'
import type { Status } from '../api/kinds/meta-v1/status.ts'
import type { Message } from '../api/schema/message.ts'
import type { Discovery, ExecInput, ExecOutput, ExecStart, LogsRequest } from '../proto/gen/tessera.ts'
import type { Duplex } from './streams.ts'

/** Every call throws StatusError (the server's answer), UnavailableError (no answer) or the signal's reason. */
export interface Client {
  get<T extends KubernetesObject>(kind: Resource<T>, at: ObjectKey, options?: CallOptions): Promise<Stored<T>>
  /** One page; listAll (list.ts) walks them. */
  list<T extends KubernetesObject>(kind: Resource<T>, options?: ListOptions): Promise<Page<T>>
  /**
   * Events after a resourceVersion; without one, every present object as ADDED, a BOOKMARK, then what follows. Ends
   * quietly when the signal aborts or the server closes the stream: go on from the last resourceVersion seen. Status
   * Expired (410): that version is too old, start without one.
   */
  watch<T extends KubernetesObject>(kind: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>
  create<T extends KubernetesObject>(kind: Resource<T>, object: T, options?: WriteOptions): Promise<Stored<T>>
  /** The object's metadata.resourceVersion, if set, must be the current one (else Conflict). */
  update<T extends KubernetesObject>(kind: Resource<T>, object: T, options?: WriteOptions): Promise<Stored<T>>
  updateStatus<T extends KubernetesObject>(kind: Resource<T>, object: T, options?: WriteOptions): Promise<Stored<T>>
  patch<T extends KubernetesObject>(
    kind: Resource<T>,
    at: ObjectKey,
    patch: Patch,
    options?: WriteOptions,
  ): Promise<Stored<T>>
  /** Answers the object as it now stands or last stood, or undefined when the server says only that it is gone. */
  delete<T extends KubernetesObject>(
    kind: Resource<T>,
    at: ObjectKey,
    options?: DeleteOptions,
  ): Promise<Stored<T> | undefined>

  /** Deletes what a list selects; answers what it held. */
  deleteCollection<T extends KubernetesObject>(kind: Resource<T>, options?: DeleteCollectionOptions): Promise<Page<T>>

  /** Many bindings in one call, each with an outcome of its own, in order. */
  bind(bindings: readonly PodBinding[], options?: CallOptions): Promise<Outcome<Pod>[]>
  /** Many status updates in one call, each with an outcome of its own, in order. */
  updateStatuses<T extends KubernetesObject>(
    kind: Resource<T>,
    objects: readonly T[],
    options?: CallOptions,
  ): Promise<Outcome<T>[]>

  /** Which kinds the server has, and its version. */
  discover(options?: CallOptions): Promise<Discovery>
  logs(request: LogsRequest, signal?: AbortSignal): AsyncIterable<Uint8Array>
  /** The last message received holds the exit code. */
  exec(start: ExecStart, signal?: AbortSignal): Duplex<ExecInput, ExecOutput>
  close(): void
}

/** A kind by its REST name. Every Kind is one; for a kind known only by discovery, the three names do. */
export interface Resource<out T extends KubernetesObject = KubernetesObject> {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly schema?: Message<T>
}

export interface ObjectKey {
  /** Absent for kinds without namespaces. */
  readonly namespace?: string | undefined
  readonly name: string
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** Default 10 s; lists 60 s. */
  readonly deadlineMs?: number
}

export interface Selection {
  /** Absent: every namespace. */
  readonly namespace?: string | undefined
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
}

export interface ListOptions extends Selection, CallOptions {
  readonly limit?: number
  readonly continue?: string
}

export interface Page<T extends KubernetesObject> {
  readonly items: Stored<T>[]
  readonly resourceVersion: string
  /** Set when there is more: pass it on. */
  readonly continue?: string
  readonly remainingItemCount?: number
}

export interface WatchOptions extends Selection {
  readonly resourceVersion?: string | undefined
  readonly bookmarks?: boolean
  readonly signal?: AbortSignal | undefined
}

export type WatchEvent<T extends KubernetesObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: Stored<T> }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }

export interface WriteOptions extends CallOptions {
  readonly dryRun?: boolean
  readonly fieldManager?: string
  /** What becomes of fields the schema doesn't know; default Strict. */
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict'
  /** `status`; at a creation, what is done to the object that the body names: `eviction`. */
  readonly subresource?: string
}

export type Patch =
  | { readonly type: 'application/json-patch+json'; readonly body: readonly JsonPatchOperation[] }
  | { readonly type: 'application/merge-patch+json' | 'application/strategic-merge-patch+json'; readonly body: object }

/** RFC 6902. */
export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test'
  readonly path: string
  readonly from?: string
  readonly value?: unknown
}

export interface DeleteOptions extends CallOptions {
  /** Absent: the object's own. */
  readonly gracePeriodSeconds?: number
  /** Preconditions. */
  readonly uid?: string
  readonly resourceVersion?: string
  readonly dryRun?: boolean
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
}

export interface DeleteCollectionOptions
  extends Selection,
    Pick<DeleteOptions, keyof CallOptions | 'gracePeriodSeconds' | 'dryRun' | 'propagationPolicy'> {}

/** A pod of that name but another uid is not bound. */
export interface PodBinding {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly node: string
}

export type Outcome<T extends KubernetesObject> =
  | { readonly ok: true; readonly object: Stored<T> }
  | { readonly ok: false; readonly status: Status }
