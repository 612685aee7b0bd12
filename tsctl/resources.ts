// Which objects a command line means: `pods`, `po`, `pod/hello`, `pods,services`, `nodes local`.
import { UsageError } from './errors.ts'
import type { ResourceType } from './resource-types.ts'

/** One type, and the names asked for; none: all of them. */
export interface Selection {
  readonly kind: ResourceType
  readonly names: readonly string[]
}

/**
 * @param types what the server has
 * @param args what stands behind the verb
 * @throws UsageError that names what the server has when a resource is unknown
 */
export function selectResources(types: readonly ResourceType[], args: readonly string[]): Selection[] {
  const [first] = args
  if (first === undefined) {
    throw new UsageError(
      'you must specify the type of resource, for instance `pods`; `tsctl api-resources` lists them all',
    )
  }
  if (args.some(arg => arg.includes('/'))) {
    return args.map(arg => {
      const [resource, name, ...rest] = arg.split('/')
      if (resource === undefined || resource === '' || name === undefined || name === '' || rest.length > 0) {
        throw new UsageError(`"${arg}": when one argument is TYPE/NAME, all of them must be`)
      }
      return { kind: findType(types, resource), names: [name] }
    })
  }
  const wanted = first.split(',').filter(type => type !== '')
  const names = args.slice(1)
  return wanted.flatMap(name => inCategory(types, name) ?? findType(types, name)).map(kind => ({ kind, names }))
}

/** What a category stands for, as `all`: what users run, not what configures it. */
function inCategory(types: readonly ResourceType[], name: string): ResourceType[] | undefined {
  const members = types.filter(({ categories }) => categories.includes(name))
  return members.length === 0 ? undefined : members
}

/** By plural, singular, short name or kind, in any case, optionally followed by `.group`. */
function findType(types: readonly ResourceType[], name: string): ResourceType {
  const wanted = name.toLowerCase()
  const found = types.find(kind => {
    const names = [kind.resource, kind.singular, ...kind.shortNames, kind.kind.toLowerCase()]
    return names.some(each => wanted === each || wanted === `${each}.${kind.group}`)
  })
  if (found === undefined) {
    throw new UsageError(`the server doesn't have a resource type "${name}"; \`tsctl api-resources\` lists what it has`)
  }
  return found
}

/** `pod/hello`, `event.events.k8s.io/x`: how results name an object. */
export function qualifiedName({ singular, group }: ResourceType, name: string): string {
  return `${singular}${group === '' ? '' : `.${group}`}/${name}`
}
