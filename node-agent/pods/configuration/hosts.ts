// A pod's /etc/hosts, and the name its containers know themselves by, as the kubelet makes them
// (pkg/kubelet/kubelet_pods.go).
import type { Pod } from '../planning/situation.ts'

/** Of a name without its domain: a label of DNS. */
const longestName = 63
/** Of a host name with its domain: what uname(2) holds. */
const longestDomainName = 64

interface Names {
  readonly hostname: string
  /** Empty: the pod has no name in the cluster's DNS. */
  readonly domain: string
}

function namesOf({ metadata, spec }: Pod, clusterDomain: string): Names {
  if (spec.hostnameOverride !== undefined) return { hostname: cut(spec.hostnameOverride), domain: '' }
  return {
    hostname: cut(spec.hostname || metadata.name),
    domain: spec.subdomain ? `${spec.subdomain}.${metadata.namespace ?? ''}.svc.${clusterDomain}` : '',
  }
}

/** What is cut off must not leave a hyphen or dot at the end. */
const cut = (name: string): string =>
  name.length <= longestName ? name : name.slice(0, longestName).replace(/[-.]+$/, '')

/** @throws Error when the pod asks for its full name as host name, and that is too long for the kernel */
export function hostnameOf(pod: Pod, clusterDomain: string): string {
  const { hostname, domain } = namesOf(pod, clusterDomain)
  if (domain === '' || !pod.spec.setHostnameAsFQDN) return hostname
  const full = `${hostname}.${domain}`
  if (full.length <= longestDomainName) return full
  throw new Error(
    `failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long ` +
      `(${longestDomainName} characters is the max, ${full.length} characters requested)`,
  )
}

/**
 * The file's text.
 * @param hostFile the host's own, for pods on the host's network
 */
export function hostsFile(pod: Pod, podIps: readonly string[], hostFile: string, clusterDomain: string): string {
  const aliases = aliasLines(pod)
  if (pod.spec.hostNetwork) return `# Kubernetes-managed hosts file (host network).\n${hostFile}${aliases}`
  const { hostname, domain } = namesOf(pod, clusterDomain)
  const names = domain === '' ? hostname : `${hostname}.${domain}\t${hostname}`
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...podIps.map(ip => `${ip}\t${names}`),
  ]
  return `${lines.join('\n')}\n${aliases}`
}

function aliasLines({ spec }: Pod): string {
  const aliases = spec.hostAliases ?? []
  if (aliases.length === 0) return ''
  const lines = aliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}\n`)
  return `\n# Entries added by HostAliases.\n${lines.join('')}`
}
