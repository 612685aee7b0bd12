// What a manifest is, and where it belongs.
import type { Context } from './context.ts'
import { UsageError } from './errors.ts'
import type { Manifest } from './manifests.ts'
import type { ResourceType } from './resource-types.ts'

/** The manifest's name. @throws UsageError when it has none */
export function nameOf({ source, object }: Manifest): string {
  const { name } = object.metadata
  if (name === undefined || name === '') throw new UsageError(`${source}: metadata.name not set`)
  return name
}

/** @throws UsageError when the server has no such kind, naming the nearest thing that is */
export function kindOf(types: readonly ResourceType[], { source, object }: Manifest): ResourceType {
  const { apiVersion, kind: name } = object
  const found = types.find(kind => kind.kind === name && kind.apiVersion === apiVersion)
  if (found !== undefined) return found
  const sameName = types.find(kind => kind.kind.toLowerCase() === name.toLowerCase())
  const hint = sameName
    ? `; did you mean kind ${sameName.kind} in ${sameName.apiVersion}?`
    : '; `tsctl api-resources` lists the kinds there are'
  throw new UsageError(`${source}: no matches for kind "${name}" in version "${apiVersion}"${hint}`)
}

/** The manifest's namespace, else the command's; undefined for kinds without one. */
export function namespaceOf({ source, object }: Manifest, kind: ResourceType, context: Context): string | undefined {
  if (!kind.namespaced) return undefined
  const own = object.metadata.namespace
  const asked = context.options().namespace
  if (own === undefined || own === '') return context.namespace()
  if (asked !== undefined && asked !== own) {
    throw new UsageError(`${source}: the namespace "${own}" does not match --namespace=${asked}; leave one of them out`)
  }
  return own
}
