// Every kind there is.
import { leases } from './coordination-v1.ts'
import { bindings, configMaps, events, namespaces, nodes, pods, secrets, services } from './core-v1.ts'
import type { Kind } from './kind.ts'

export const kinds: readonly Kind[] = [bindings, configMaps, events, namespaces, nodes, pods, secrets, services, leases]

const byKind = new Map(kinds.map(kind => [`${kind.apiVersion}/${kind.kind}`, kind]))
const byResource = new Map(kinds.map(kind => [`${kind.apiVersion}/${kind.resource}`, kind]))

/** The kind an object says it is of: `findKind('v1', 'Pod')`. */
export function findKind(apiVersion: string, kind: string): Kind | undefined {
  return byKind.get(`${apiVersion}/${kind}`)
}

/** The kind behind a path: `findResource('v1', 'pods')`, `findResource('coordination.k8s.io/v1', 'leases')`. */
export function findResource(apiVersion: string, resource: string): Kind | undefined {
  return byResource.get(`${apiVersion}/${resource}`)
}
