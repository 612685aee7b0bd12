// Which labels a node may give itself. Administrators steer workloads to machines they trust by labels in Kubernetes' own
// domains, so a machine must not be able to claim those
// (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction).

/** In Kubernetes' domains, what describes the machine, which its agent knows best. */
export const nodesOwnLabels: readonly string[] = [
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'kubernetes.io/arch',
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]

/** Domains in Kubernetes' domains whose labels, and those of their subdomains, are set apart for agents. */
export const nodesOwnDomains: readonly string[] = ['kubelet.kubernetes.io', 'node.kubernetes.io']

const kubernetesDomains = ['kubernetes.io', 'k8s.io']

/** Everything outside Kubernetes' domains, and within them what is listed above. */
export function isNodesOwnLabel(key: string): boolean {
  const domain = key.slice(0, Math.max(0, key.indexOf('/')))
  if (isWithin(domain, ['node-restriction.kubernetes.io'])) return false
  return !isWithin(domain, kubernetesDomains) || isWithin(domain, nodesOwnDomains) || nodesOwnLabels.includes(key)
}

const isWithin = (domain: string, parents: readonly string[]): boolean =>
  parents.some(parent => domain === parent || domain.endsWith(`.${parent}`))
