// A pod's /etc/hosts, and the name its containers know themselves by.
import type { Pod } from '../planning/situation.ts'

/** Linux' limit of a host name. */
const longestHostname = 64

/** The pod's host name: as asked for, else the pod's own, cut to what the kernel takes. */
export function hostnameOf({ metadata, spec }: Pod, clusterDomain: string): string {
  if (spec.hostnameOverride !== undefined) return spec.hostnameOverride
  const short = (spec.hostname ?? metadata.name).slice(0, 63).replace(/[-.]+$/, '')
  const full = spec.setHostnameAsFQDN ? domainName({ metadata, spec }, short, clusterDomain) : undefined
  if (full !== undefined && full.length > longestHostname) {
    throw new Error(
      `the pod's FQDN ${full} is longer than ${longestHostname} characters; shorten hostname or subdomain`,
    )
  }
  return full ?? short
}

function domainName({ metadata, spec }: Pick<Pod, 'metadata' | 'spec'>, hostname: string, clusterDomain: string) {
  if (spec.subdomain === undefined) return undefined
  return `${hostname}.${spec.subdomain}.${metadata.namespace ?? ''}.svc.${clusterDomain}`
}

/**
 * The file's text.
 * @param hostFile the host's own, for pods on the host's network
 */
export function hostsFile(pod: Pod, podIps: readonly string[], hostFile: string, clusterDomain: string): string {
  const aliases = (pod.spec.hostAliases ?? []).map(({ ip, hostnames }) => [ip, ...(hostnames ?? [])].join('\t'))
  const added = aliases.length === 0 ? [] : ['', '# Entries added by HostAliases.', ...aliases]
  if (pod.spec.hostNetwork) return `${[hostFile.trimEnd(), ...added].join('\n')}\n`
  const short = (pod.spec.hostname ?? pod.metadata.name).slice(0, 63).replace(/[-.]+$/, '')
  const full = domainName(pod, short, clusterDomain)
  const own = podIps.map(ip => [ip, ...(full === undefined ? [] : [full]), short].join('\t'))
  return `${[
    '# Written by the node agent of this pod.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...own,
    ...added,
  ].join('\n')}\n`
}
