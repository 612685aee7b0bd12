// Which objects a command line means: `pods`, `po`, `pod/hello`, `pods,services`, `nodes local`.
import { kinds } from '../api/kinds/index.ts'
import type { Kind } from '../api/kinds/kind.ts'
import { UsageError } from './errors.ts'

/** One kind, and the names asked for; none: all of them. */
export interface Selection {
  readonly kind: Kind
  readonly names: readonly string[]
}

/**
 * @param args what stands behind the verb
 * @throws UsageError that names what the server has when a resource is unknown
 */
export function selectResources(args: readonly string[]): Selection[] {
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
      return { kind: findKind(resource), names: [name] }
    })
  }
  const types = first.split(',').filter(type => type !== '')
  const names = args.slice(1)
  const selected = types.includes('all') ? allKinds() : types.map(findKind)
  return selected.map(kind => ({ kind, names }))
}

/** kubectl's `all`: what users run, not what configures it. */
function allKinds(): Kind[] {
  return kinds.filter(kind => kind.categories.includes('all'))
}

/** By plural, singular, short name or kind, in any case, optionally followed by `.group`. */
function findKind(name: string): Kind {
  const wanted = name.toLowerCase()
  const found = kinds.find(kind => {
    const names = [kind.resource, kind.singular, ...kind.shortNames, kind.kind.toLowerCase()]
    return names.some(each => wanted === each || wanted === `${each}.${kind.group}`)
  })
  if (found === undefined) {
    throw new UsageError(`the server doesn't have a resource type "${name}"; \`tsctl api-resources\` lists what it has`)
  }
  return found
}

/** `pod/hello`, `event.events.k8s.io/x`: how results name an object. */
export function qualifiedName(kind: Kind, name: string): string {
  return `${kind.singular}${kind.group === '' ? '' : `.${kind.group}`}/${name}`
}
