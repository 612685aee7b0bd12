// What an admission plugin is: asked by every verb that writes or connects, whichever door the request came through.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
import type { Kind, KubernetesObject } from '../../../api/kinds/kind.ts'
import type { RequestContext } from '../contract.ts'
import type { Lookup } from '../lookup.ts'
import type { Reservation } from '../strategies/strategy.ts'

export type Operation = 'create' | 'update' | 'delete' | 'connect'

/** What the request asked for besides its object, in the words of CreateOptions, DeleteOptions and their like. */
interface OperationOptions {
  readonly fieldManager?: string
  readonly fieldValidation?: string
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: string
}

/** One request, as plugins see it. */
export interface Attributes {
  readonly operation: Operation
  /** Of the resource the request addresses; of objects, the version they are stored in. */
  readonly kind: Kind
  /** '' for the object itself. */
  readonly subresource: string
  /** '' at cluster scope. */
  readonly namespace: string
  readonly name: string
  /**
   * What shall stand there, or the body of an action; absent for a deletion and a connection. Plugins that mutate
   * assign its fields and those below `metadata`; what deeper fields hold may be shared, so they are replaced.
   */
  readonly object?: KubernetesObject | undefined
  /** What stands there; absent for a creation and an action. */
  readonly old?: KubernetesObject | undefined
  readonly user: RequestContext['user']
  readonly dryRun: boolean
  readonly options: OperationOptions
  readonly signal?: AbortSignal | undefined
  /** Tells the client, in a `Warning` header. */
  warn(text: string): void
  /** Tells the audit log. */
  annotate(key: string, value: string): void
}

/** Functions refuse by throwing a StatusError. Those that need not wait for anything answer nothing at once. */
export interface AdmissionPlugin {
  /** As `--enable-admission-plugins` knows it. */
  readonly name: string
  handles(attributes: Attributes): boolean
  /** Before the object is prepared and validated. */
  mutate?(attributes: Attributes, lookup: Lookup): Promise<void> | void
  /** After the object was prepared and found valid. */
  validate?(attributes: Attributes, lookup: Lookup): Promise<void> | void
  /** Last: takes what the write uses up. */
  reserve?(attributes: Attributes, lookup: Lookup): Promise<Reservation | undefined>
}
