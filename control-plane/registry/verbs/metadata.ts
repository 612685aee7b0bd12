// What the server itself writes into an object's metadata, and what clients may not change there.
import { randomInt, randomUUID } from 'node:crypto'
import { StatusError } from '../../../api/errors.ts'
import type { Kind, KubernetesObject } from '../../../api/kinds/kind.ts'
import { timeOf } from '../../../api/values/time.ts'
import type { Target } from '../contract.ts'

/** Without vowels, so that no word is spelt, and without what is taken for one another. */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789'
const suffixLength = 5
const maxGeneratedBase = 63 - suffixLength

/** A name that begins as asked and ends at random. */
export function generatedName(base: string): string {
  let suffix = ''
  for (let index = 0; index < suffixLength; index++) suffix += suffixAlphabet[randomInt(suffixAlphabet.length)] ?? ''
  return base.slice(0, maxGeneratedBase) + suffix
}

/**
 * Places an object where its path says.
 * @throws StatusError 400 when the object says something else
 */
export function placeAt(kind: Kind, object: KubernetesObject, { namespace, name }: Target): void {
  const { metadata } = object
  if (!kind.namespaced) {
    // A client's default namespace may have slipped in.
    delete metadata.namespace
  } else if ((metadata.namespace ?? namespace) !== namespace) {
    throw StatusError.badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  } else if (namespace === '') {
    throw StatusError.badRequest('an empty namespace may not be set during creation: name one in the path')
  } else metadata.namespace = namespace
  if (name === '') return
  if ((metadata.name ?? name) !== name) {
    throw StatusError.badRequest(
      `the name of the object (${metadata.name ?? ''}) does not match the name on the URL (${name})`,
    )
  }
  metadata.name = name
}

/** What every new object begins with; whatever the client sent of it is not taken. */
export function fillNew(object: KubernetesObject, hasGeneration: boolean, nowMs: number): void {
  const { metadata } = object
  metadata.uid = randomUUID()
  metadata.creationTimestamp = timeOf(nowMs)
  delete metadata.generation
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete metadata.selfLink
  delete metadata.resourceVersion
  if (hasGeneration) metadata.generation = 1
}

/** Puts back what an update can't change. */
export function keepServerOwned(object: KubernetesObject, { metadata: current }: KubernetesObject): void {
  const { metadata } = object
  metadata.uid = current.uid ?? ''
  metadata.creationTimestamp = current.creationTimestamp ?? ''
  keep('generation')
  keep('generateName')
  keep('deletionTimestamp')
  keep('deletionGracePeriodSeconds')
  delete metadata.selfLink
  delete metadata.resourceVersion

  function keep<K extends 'generation' | 'generateName' | 'deletionTimestamp' | 'deletionGracePeriodSeconds'>(
    field: K,
  ) {
    const value = current[field]
    if (value === undefined) Reflect.deleteProperty(metadata, field)
    else metadata[field] = value
  }
}
