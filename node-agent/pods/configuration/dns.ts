// A pod's resolv.conf.
// https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
import type { DNSConfig } from '../../../proto/gen/cri.ts'
import type { Pod } from '../planning/situation.ts'

/** glibc's limits, which Kubernetes enforces. */
const mostServers = 3
const mostSearches = 32

export interface ClusterDns {
  /** Addresses of the cluster's DNS; none: pods resolve names as their host does. */
  readonly servers: readonly string[]
  readonly domain: string
}

/** @param hostFile the host's resolv.conf */
export function dnsConfig(pod: Pod, cluster: ClusterDns, hostFile: string): DNSConfig {
  const host = parseResolvConf(hostFile)
  const { dnsPolicy = 'ClusterFirst', hostNetwork = false, dnsConfig: own } = pod.spec
  const fromCluster =
    cluster.servers.length > 0 &&
    (dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && !hostNetwork))
  const base = dnsPolicy === 'None' ? empty : fromCluster ? ofCluster(pod, cluster, host) : host
  const options = new Map(base.options.map(option => [option.split(':')[0] ?? option, option]))
  for (const { name = '', value } of own?.options ?? [])
    options.set(name, value === undefined ? name : `${name}:${value}`)
  return {
    servers: unique([...base.servers, ...(own?.nameservers ?? [])]).slice(0, mostServers),
    searches: unique([...base.searches, ...(own?.searches ?? [])]).slice(0, mostSearches),
    options: [...options.values()],
  }
}

interface Resolver {
  readonly servers: readonly string[]
  readonly searches: readonly string[]
  readonly options: readonly string[]
}

const empty: Resolver = { servers: [], searches: [], options: [] }

function ofCluster({ metadata }: Pod, { servers, domain }: ClusterDns, host: Resolver): Resolver {
  const searches = [`${metadata.namespace ?? ''}.svc.${domain}`, `svc.${domain}`, domain]
  return { servers, searches: [...searches, ...host.searches], options: ['ndots:5'] }
}

/** resolv.conf(5), of which the last search line holds. */
function parseResolvConf(text: string): Resolver {
  const servers: string[] = []
  const options: string[] = []
  let searches: string[] = []
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/)
    if (keyword === 'nameserver' && values[0] !== undefined) servers.push(values[0])
    else if (keyword === 'search' || keyword === 'domain') searches = values.filter(domain => domain !== '.')
    else if (keyword === 'options') options.push(...values)
  }
  return { servers, searches, options }
}

const unique = (values: readonly string[]): string[] => [...new Set(values)]
