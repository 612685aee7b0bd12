// The types of objects the server has, as discovery tells them, and how this program shows and patches those it knows.
import { type Columns, nameAndAge } from '../api/kinds/columns.ts'
import { kinds } from '../api/kinds/index.ts'
import type { KubernetesObject } from '../api/kinds/kind.ts'
import type { Message } from '../api/schema/message.ts'
import type { Client, Resource } from '../client/client.ts'

export interface ResourceType extends Resource {
  readonly apiVersion: string
  readonly kind: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  /** Of types that this program does not know: name and age. */
  readonly table: Columns<KubernetesObject>
  /** Which lists merge, and by which key; undefined: none that is known. */
  readonly schema?: Message<KubernetesObject>
}

/** Asks the server. The preferred version of each group comes first. */
export async function resourceTypes(client: Client): Promise<ResourceType[]> {
  const { resources = [] } = await client.discover()
  return resources.map(told => {
    const { group = '', version = '', name: resource = '', kind = '', singularName: singular = '' } = told
    const { shortNames = [], categories = [], namespaced = false, verbs = [] } = told
    const known = kinds.find(each => each.group === group && each.version === version && each.resource === resource)
    return {
      ...{ group, version, resource, kind, singular, shortNames, categories, namespaced, verbs },
      apiVersion: group === '' ? version : `${group}/${version}`,
      table: known?.table ?? nameAndAge,
      ...(known && { schema: known.schema }),
    }
  })
}
