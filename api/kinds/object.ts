// What every object of the API has, and the declaration that is the same for all of them.
import { type Fields, message, one, string } from '../schema/message.ts'
import { type ObjectMeta, objectMeta } from './meta-v1/object-meta.ts'

export interface KubernetesObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
}

/** An object as a server answers it: what the server itself fills in is there for sure. */
export type Stored<T extends KubernetesObject = KubernetesObject> = T & {
  metadata: { name: string; uid: string; resourceVersion: string; creationTimestamp: string }
}

const objectFields = {
  kind: string(0, 'The kind of object this is; always the same for one type.', { required: true }),
  apiVersion: string(0, 'The group and version whose schema this object follows.', { required: true }),
  metadata: one(1, 'What the object says of itself.', objectMeta, { byValue: true }),
}

/**
 * Declares the message of a kind's objects: `fields` are those besides apiVersion, kind and metadata. The kind's entry
 * says what apiVersion and kind are.
 */
export const objectSchema = <F extends Fields>(name: string, doc: string, fields: F) =>
  message(name, doc, { ...objectFields, ...fields })
