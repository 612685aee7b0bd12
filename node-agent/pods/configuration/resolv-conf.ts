// resolv.conf(5), as far as pods inherit from it.

export interface Resolver {
  readonly servers: readonly string[]
  readonly searches: readonly string[]
  readonly options: readonly string[]
}

/** Servers add up; of search and options lines the last one holds. */
export function parseResolvConf(text: string): Resolver {
  const servers: string[] = []
  let options: string[] = []
  let searches: string[] = []
  for (const line of text.split('\n').map(each => each.trim())) {
    if (line.startsWith('#')) continue
    const [keyword, ...values] = line.split(/\s+/)
    if (keyword === 'nameserver' && values[0] !== undefined) servers.push(values[0])
    // One domain with and without its final dot is the same; the dot alone is the root.
    else if (keyword === 'search')
      searches = values.map(domain => (domain === '.' ? domain : domain.replace(/\.$/, '')))
    else if (keyword === 'options') options = values
  }
  return { servers, searches, options }
}
