// A pod's resolv.conf, by the kubelet's rules (pkg/kubelet/network/dns).
// https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
import type { DNSConfig } from '../../../proto/gen/cri.ts'
import type { Pod } from '../planning/situation.ts'
import { podName } from './pod-name.ts'
import { parseResolvConf, type Resolver } from './resolv-conf.ts'

/** What resolvers take, and Kubernetes lets through: some crash on a longer name. */
const mostServers = 3
const mostSearches = 32
const mostSearchCharacters = 2048
const longestSearch = 253

export interface ClusterDns {
  /** Addresses of the cluster's DNS; none: pods resolve names as their host does. */
  readonly servers: readonly string[]
  readonly domain: string
}

/** Something the pod asked for and does not get. */
interface DnsWarning {
  readonly reason: 'MissingClusterDNS' | 'DNSConfigForming'
  readonly message: string
}

export interface PodDns {
  readonly config: DNSConfig
  readonly warnings: readonly DnsWarning[]
}

/** @param hostFile the host's resolv.conf */
export function podDns(pod: Pod, cluster: ClusterDns, hostFile: string): PodDns {
  const { dnsConfig: own } = pod.spec
  const { base, missing } = baseOf(pod, cluster, hostFile)
  const wanted: Resolver = own
    ? {
        servers: unique([...base.servers, ...(own.nameservers ?? [])]),
        searches: unique([...base.searches, ...(own.searches ?? [])]),
        options: mergeOptions(base.options, own.options ?? []),
      }
    : base
  const servers = wanted.servers.slice(0, mostServers)
  const searches = fittingSearches(wanted.searches)
  return {
    config: { servers, searches, options: [...wanted.options] },
    warnings: [
      ...missing,
      ...forming(wanted.servers, servers, 'Nameserver limits were exceeded, some nameservers', 'nameserver'),
      ...forming(wanted.searches, searches, 'Search Line limits were exceeded, some search paths', 'search'),
    ],
  }
}

/** What the pod's policy begins with. */
function baseOf(
  pod: Pod,
  cluster: ClusterDns,
  hostFile: string,
): { readonly base: Resolver; readonly missing: readonly DnsWarning[] } {
  const { dnsPolicy = 'ClusterFirst', hostNetwork = false } = pod.spec
  if (dnsPolicy === 'None') return { base: { servers: [], searches: [], options: [] }, missing: [] }
  const host = parseResolvConf(hostFile)
  const asksCluster = dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && !hostNetwork)
  if (!asksCluster) return { base: host, missing: [] }
  const { servers, domain } = cluster
  if (servers.length > 0) {
    const searches = domain === '' ? [] : [`${pod.metadata.namespace ?? ''}.svc.${domain}`, `svc.${domain}`, domain]
    return { base: { servers, searches: unique([...searches, ...host.searches]), options: ['ndots:5'] }, missing: [] }
  }
  const message =
    `pod: "${podName(pod)}". kubelet does not have ClusterDNS IP configured and cannot create Pod using ` +
    '"ClusterFirst" policy. Falling back to "Default" policy.'
  return { base: host, missing: [{ reason: 'MissingClusterDNS', message }] }
}

/** A pod's own come before those of the same name. */
function mergeOptions(
  base: readonly string[],
  own: readonly { readonly name?: string; readonly value?: string }[],
): string[] {
  const values = new Map(
    base.map(option => {
      const [, name = option, value = ''] = /^([^:]*):(.*)$/.exec(option) ?? []
      return [name, value]
    }),
  )
  for (const { name = '', value = '' } of own) values.set(name, value)
  return [...values].map(([name, value]) => (value === '' ? name : `${name}:${value}`))
}

/** As many of the first as fit on a line that resolvers read. */
function fittingSearches(all: readonly string[]): string[] {
  const searches = all.slice(0, mostSearches).filter(({ length }) => length <= longestSearch)
  while (searches.join(' ').length > mostSearchCharacters) searches.pop()
  return searches
}

function forming(wanted: readonly string[], applied: readonly string[], what: string, line: string): DnsWarning[] {
  if (wanted.length === applied.length) return []
  const message = `${what} have been omitted, the applied ${line} line is: ${applied.join(' ')}`
  return [{ reason: 'DNSConfigForming', message }]
}

const unique = (values: readonly string[]): string[] => [...new Set(values)]
